"""The signing secret over REST."""

from datetime import timedelta
from typing import Any

from httpx import AsyncClient

URL = "/api/auth/signing-secret"


async def test_a_person_sees_one_secret_and_always_the_same(
    ada: AsyncClient, bob: AsyncClient
) -> None:
    first, again, bobs = [(await one.get(URL)).json() for one in (ada, ada, bob)]
    assert first == again
    assert first["secret"].startswith("whsec_")
    assert first["previous_until"] is None
    assert bobs["secret"] != first["secret"]


async def test_a_rotated_secret_is_another_one_and_the_old_one_has_a_day(
    ada: AsyncClient, clock: Any
) -> None:
    old = (await ada.get(URL)).json()["secret"]
    answer = await ada.post(f"{URL}/rotate")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["secret"] != old
    assert answer.json()["previous_until"] == "2026-12-02T12:00:00.000Z"
    assert (await ada.get(URL)).json() == answer.json()
    clock.now += timedelta(hours=24)
    assert (await ada.get(URL)).json()["previous_until"] is None


async def test_rotating_without_end_is_refused_until_old_secrets_have_ended(
    ada: AsyncClient, clock: Any
) -> None:
    statuses = [(await ada.post(f"{URL}/rotate")).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 409]
    clock.now += timedelta(hours=25)
    assert (await ada.post(f"{URL}/rotate")).status_code == 200


async def test_api_tokens_of_either_scope_see_and_change_nothing(
    ada: AsyncClient, stranger: AsyncClient
) -> None:
    for scope in ("read", "write"):
        made = (await ada.post("/api/tokens", json={"name": scope, "scope": scope})).json()
        by_token = {"Authorization": f"Bearer {made['token']}"}
        assert (await stranger.get(URL, headers=by_token)).status_code == 403
        assert (await stranger.post(f"{URL}/rotate", headers=by_token)).status_code == 403
    assert (await stranger.get(URL)).status_code == 401
