"""Taking one's data along, and deleting one's account, by REST."""

from collections.abc import Awaitable, Callable

import pytest
from httpx import AsyncClient, Response

from cronpp_app.services.departures import SETTLED_AFTER
from tests.api.conftest import PASSWORD, TestClock
from tests.factories import job_body

ADA = {"email": "ada@example.org", "password": PASSWORD}
OpenClient = Callable[..., Awaitable[AsyncClient]]


async def leave(client: AsyncClient, password: str = PASSWORD) -> Response:
    return await client.request("DELETE", "/api/auth/me", json={"password": password})


async def test_a_deleted_account_opens_nothing_any_more(
    ada: AsyncClient, bob: AsyncClient, stranger: AsyncClient, open_client: OpenClient
) -> None:
    made = (await bob.post("/api/tokens", json={"name": "CI", "scope": "write"})).json()
    program = await open_client(headers={"Authorization": f"Bearer {made['token']}"})
    job = (await program.post("/api/jobs", json=job_body())).json()
    assert (await leave(bob)).status_code == 204
    assert (await bob.get("/api/auth/me")).status_code == 401
    assert (await program.get(f"/api/jobs/{job['id']}")).status_code == 401
    credentials = {"email": "bob@example.org", "password": PASSWORD}
    assert (await stranger.post("/api/auth/login", json=credentials)).status_code == 401
    assert (await ada.get("/api/auth/me")).status_code == 200
    again = await stranger.post("/api/auth/signup", json=credentials)
    assert again.status_code == 201
    headers = {"Authorization": f"Bearer {again.json()['token']}"}
    assert (await stranger.get("/api/jobs", headers=headers)).json()["items"] == []


async def test_a_new_account_of_the_same_address_survives_the_end_of_the_old_one(
    ada: AsyncClient,
    bob: AsyncClient,
    stranger: AsyncClient,
    clock: TestClock,
    offered: object,
) -> None:
    await leave(bob)
    credentials = {"email": "bob@example.org", "password": PASSWORD}
    token = (await stranger.post("/api/auth/signup", json=credentials)).json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    await stranger.post("/api/jobs", json=job_body(), headers=headers)
    clock.now += SETTLED_AFTER
    await offered.departures.finish_all()  # type: ignore[attr-defined]
    assert (await stranger.get("/api/jobs", headers=headers)).json()["total"] == 1


async def test_the_password_is_asked_for(ada: AsyncClient) -> None:
    answer = await leave(ada, "not this one")
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"field": "password", "message": "Is not your current password."}
    ]
    assert (await ada.request("DELETE", "/api/auth/me", json={})).status_code == 422
    assert (await ada.get("/api/auth/me")).status_code == 200


async def test_the_only_administrator_is_told_what_to_do(
    ada: AsyncClient, bob: AsyncClient
) -> None:
    answer = await leave(ada)
    assert answer.status_code == 409
    assert "Make one of them an administrator first" in answer.json()["detail"]
    assert (await ada.get("/api/auth/me")).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/api/auth/me"),
        ("GET", "/api/auth/me/export"),
        ("GET", "/api/auth/sessions"),
        ("DELETE", "/api/auth/sessions"),
    ],
)
async def test_no_token_takes_an_account_along_or_away(
    method: str, path: str, ada: AsyncClient, open_client: OpenClient
) -> None:
    made = (await ada.post("/api/tokens", json={"name": "CI", "scope": "write"})).json()
    program = await open_client(headers={"Authorization": f"Bearer {made['token']}"})
    answer = await program.request(method, path, json={"password": PASSWORD})
    assert answer.status_code == 403
    assert (await program.get("/api/auth/me")).status_code == 200


async def test_people_take_along_all_that_is_kept_of_them(
    ada: AsyncClient, bob: AsyncClient, stranger: AsyncClient
) -> None:
    headers = {"Authorization": "Bearer a very secret value"}
    body = job_body(name="Näin")
    body["action"]["headers"] = headers
    job = (await ada.post("/api/jobs", json=body)).json()
    await ada.post(f"/api/jobs/{job['id']}/run")
    run = (await ada.post(f"/api/jobs/{job['id']}/run")).json()["run"]
    await ada.post(f"/api/runs/{run['id']}/cancel")
    token = (await ada.post("/api/tokens", json={"name": "CI", "scope": "read"})).json()
    await ada.post("/api/secrets", json={"name": "CAVE", "value": "open sesame 1"})
    await bob.post("/api/jobs", json=job_body(name="Bob's"))
    answer = await ada.get("/api/auth/me/export")
    assert answer.status_code == 200
    assert "cronpp-account.json" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"
    known = answer.json()
    assert known["format"] == "cronpp-account"
    assert known["profile"]["email"] == "ada@example.org"
    assert [one["current"] for one in known["sessions"]] == [True]
    assert [one["name"] for one in known["tokens"]] == ["CI"]
    assert known["secrets"] == ["CAVE"]
    assert known["runs"]["by_status"] == {"PENDING": 1, "CANCELLED": 1}
    assert known["runs"]["first_finished_at"] == "2026-12-01T12:00:00.000Z"
    assert [one["name"] for one in known["jobs"]] == ["Näin"]
    assert [one["action"] for one in known["audit"]][-2:] == ["job.created", "account.signed_up"]
    for hidden in (token["token"], "open sesame", "very secret", "argon2", PASSWORD):
        assert hidden not in answer.text


async def test_the_jobs_of_an_export_can_be_imported_elsewhere(
    ada: AsyncClient, bob: AsyncClient
) -> None:
    await ada.post("/api/jobs", json=job_body())
    known = (await ada.get("/api/auth/me/export")).json()
    made = await bob.post("/api/import", json={"jobs": known["jobs"]})
    assert made.json()["created"] == 1
