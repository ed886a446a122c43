from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from cronpp_app.store.database import Database
from tests.api.conftest import PASSWORD, SignUp, TestClock

ADA = {"email": "ada@example.org", "password": PASSWORD}
PHONE = "Mozilla/5.0 (Android 16; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"
OpenClient = Callable[..., Awaitable[AsyncClient]]
LogIn = Callable[..., Awaitable[AsyncClient]]


@pytest.fixture
async def log_in(ada: AsyncClient, stranger: AsyncClient, open_client: OpenClient) -> LogIn:
    """Sign Ada in once more, with another program."""

    async def make(agent: str | bytes = PHONE) -> AsyncClient:
        headers: Any = {"User-Agent": agent}
        token = (await stranger.post("/api/auth/login", json=ADA, headers=headers)).json()["token"]
        return await open_client(headers={"Authorization": f"Bearer {token}"})

    return make


async def sessions_of(client: AsyncClient, **query: Any) -> list[dict[str, Any]]:
    answer = await client.get("/api/auth/sessions", params=query)
    assert answer.status_code == 200
    return list(answer.json()["items"])


async def test_people_see_their_sessions_the_newest_first_and_which_one_this_is(
    ada: AsyncClient, log_in: LogIn, clock: TestClock
) -> None:
    clock.now += timedelta(hours=1)
    phone = await log_in()
    first, second = await sessions_of(ada)
    token = phone.headers["Authorization"].removeprefix("Bearer ")
    assert token not in str(first)
    assert first.pop("id") != second["id"]
    assert first == {
        "created_at": "2026-12-01T13:00:00.000Z",
        "last_seen_at": "2026-12-01T13:00:00.000Z",
        "expires_at": "2026-12-31T13:00:00.000Z",
        "user_agent": PHONE,
        "address": "127.0.0.1",
        "current": False,
    }
    assert second["current"]
    assert [session["current"] for session in await sessions_of(phone)] == [True, False]


async def test_what_a_program_calls_itself_is_kept_short_and_plain(
    ada: AsyncClient, log_in: LogIn
) -> None:
    await log_in("<b>Bot</b>\u202e\x7f".encode() + b"x" * 5_000)
    (agent,) = [one["user_agent"] for one in await sessions_of(ada) if not one["current"]]
    assert agent.startswith("<b>Bot</b>x")
    assert len(agent) == 256


async def test_ending_a_session_ends_that_one_only(ada: AsyncClient, log_in: LogIn) -> None:
    phone, tablet = await log_in(), await log_in()
    (ended,) = [one["id"] for one in await sessions_of(phone) if one["current"]]
    assert (await phone.get("/api/auth/me")).status_code == 200
    assert (await ada.delete(f"/api/auth/sessions/{ended}")).status_code == 204
    assert (await phone.get("/api/auth/me")).status_code == 401
    assert (await tablet.get("/api/auth/me")).status_code == 200
    assert ended not in {one["id"] for one in await sessions_of(ada)}
    assert (await ada.delete(f"/api/auth/sessions/{ended}")).status_code == 404


async def test_ending_all_others_keeps_the_one_that_asks(
    ada: AsyncClient, bob: AsyncClient, log_in: LogIn
) -> None:
    others = [await log_in() for _ in range(3)]
    assert (await ada.delete("/api/auth/sessions")).status_code == 204
    assert [(await other.get("/api/auth/me")).status_code for other in others] == [401] * 3
    assert [one["current"] for one in await sessions_of(ada)] == [True]
    assert (await bob.get("/api/auth/me")).status_code == 200


async def test_a_session_of_somebody_else_is_not_found_and_goes_on(
    ada: AsyncClient, bob: AsyncClient
) -> None:
    (adas,) = await sessions_of(ada)
    assert adas["id"] not in {one["id"] for one in await sessions_of(bob)}
    assert (await bob.delete(f"/api/auth/sessions/{adas['id']}")).status_code == 404
    assert (await ada.get("/api/auth/me")).status_code == 200


async def test_sessions_that_ended_by_themselves_are_not_shown(
    ada: AsyncClient, log_in: LogIn, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cronpp_app.services.sessions.monotonic", lambda: clock().timestamp())
    await log_in()
    clock.now += timedelta(days=13)
    assert (await ada.get("/api/auth/me")).status_code == 200  # this one is in use
    clock.now += timedelta(days=2)
    assert [one["current"] for one in await sessions_of(ada)] == [True]


async def test_a_session_whose_password_was_changed_is_not_shown(
    ada: AsyncClient, log_in: LogIn, database: Database
) -> None:
    await log_in()
    kept = await database.sessions.find().to_list()
    change = {"current": PASSWORD, "new": "a much better one"}
    assert (await ada.post("/api/auth/password", json=change)).status_code == 204
    this = {one["id"] for one in await sessions_of(ada)}
    await database.sessions.insert_many([one for one in kept if one["_id"] not in this])
    assert [one["current"] for one in await sessions_of(ada)] == [True]


async def test_many_sessions_come_in_pages(
    ada: AsyncClient, log_in: LogIn, clock: TestClock
) -> None:
    for n in range(4):
        clock.now += timedelta(seconds=n % 2)
        await log_in()
    everything = [one["id"] for one in await sessions_of(ada)]
    assert len(everything) == 5
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = (await ada.get("/api/auth/sessions", params=query)).json()
        seen += [one["id"] for one in page["items"]]
        assert (page["total"], page["total_is_exact"]) == (5, True)
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == everything


async def test_listeners_hear_at_once_which_sessions_end(
    ada: AsyncClient, sign_up: SignUp, log_in: LogIn, offered: Any
) -> None:
    phone = await log_in()
    identities = {
        name: await offered.accounts.identify(client.headers["Authorization"].split()[1])
        for name, client in (("ada", ada), ("phone", phone))
    }
    ended: list[set[str]] = []
    offered.accounts.sessions.when_ended(
        lambda belongs: ended.append({name for name, one in identities.items() if belongs(one)})
    )
    await ada.delete(f"/api/auth/sessions/{identities['phone'].session_id}")
    await ada.delete("/api/auth/sessions")
    await ada.post("/api/auth/password", json={"current": PASSWORD, "new": "a much better one"})
    await ada.post("/api/auth/logout-all")
    assert ended == [{"phone"}, {"phone"}, {"phone"}, {"ada", "phone"}]
