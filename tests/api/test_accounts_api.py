import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest
from httpx import AsyncClient

from cronpp_app.api.app import build_api
from cronpp_app.api.offered import ApiServices
from cronpp_app.domain.throttling import OF_ACCOUNT, OF_HOME
from cronpp_app.services.accounts import Accounts
from cronpp_app.services.login_guard import LoginGuard
from cronpp_app.services.passwords import Hasher
from cronpp_app.settings import Signup
from cronpp_app.store.accounts import AccountStore
from cronpp_app.store.database import Database
from cronpp_app.store.throttles import ThrottleStore
from tests.api.conftest import PASSWORD, SECRET, TestClock
from tests.factories import make_audit

ADA = {"email": "ada@example.org", "password": PASSWORD}


async def test_signing_up_answers_a_session_and_the_account(stranger: AsyncClient) -> None:
    answer = await stranger.post("/api/auth/signup", json=ADA | {"email": "Ada@Example.ORG"})
    assert answer.status_code == 201
    body = answer.json()
    assert body["token_type"] == "bearer"
    assert body["expires_at"] == "2026-12-31T12:00:00.000Z"
    assert body["user"]["email"] == "ada@example.org"
    assert body["user"]["created_at"] == "2026-12-01T12:00:00.000Z"


async def test_the_first_account_is_the_admin_and_the_second_is_not(
    ada: AsyncClient, bob: AsyncClient
) -> None:
    assert (await ada.get("/api/auth/me")).json()["role"] == "admin"
    assert (await bob.get("/api/auth/me")).json()["role"] == "user"


async def test_of_many_first_signups_at_once_one_becomes_the_admin(stranger: AsyncClient) -> None:
    bodies = [{"email": f"user{n}@example.org", "password": PASSWORD} for n in range(10)]
    answers = await asyncio.gather(
        *(stranger.post("/api/auth/signup", json=body) for body in bodies)
    )
    roles = [answer.json()["user"]["role"] for answer in answers]
    assert sorted(roles) == ["admin"] + ["user"] * 9


async def test_an_address_has_one_account_in_whatever_case_it_is_written(
    ada: AsyncClient, stranger: AsyncClient
) -> None:
    answer = await stranger.post("/api/auth/signup", json=ADA | {"email": "ADA@example.org"})
    assert answer.status_code == 409


async def test_everything_wrong_with_a_signup_is_said_at_once(stranger: AsyncClient) -> None:
    body = {"email": "nobody", "password": "short", "admin": True}
    errors = (await stranger.post("/api/auth/signup", json=body)).json()["errors"]
    assert [error["field"] for error in errors] == ["admin"]
    del body["admin"]
    errors = (await stranger.post("/api/auth/signup", json=body)).json()["errors"]
    assert {error["field"] for error in errors} == {"email", "password"}


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("seven77", "8 to 256"),
        ("x" * 257, "8 to 256"),
        ("Augusta.Ada.King@example.org", "e-mail address"),
        ("augusta.ada.king", "e-mail address"),
        ("Password123", "most common"),
        ("starwars1", "most common"),
        ("\uff30assword123", "most common"),  # a full-width P
        ("aaaaaaaaaa", "most common"),
        ("has\u0000control", "control"),
    ],
)
async def test_a_weak_password_is_refused_with_the_reason(
    password: str, reason: str, stranger: AsyncClient
) -> None:
    body = {"email": "augusta.ada.king@example.org", "password": password}
    answer = await stranger.post("/api/auth/signup", json=body)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["field"] == "password"
    assert reason in error["message"]


async def test_a_password_is_the_same_whichever_way_its_accents_are_composed(
    stranger: AsyncClient,
) -> None:
    await stranger.post("/api/auth/signup", json=ADA | {"password": "pass\u00e9 simple"})
    answer = await stranger.post("/api/auth/login", json=ADA | {"password": "passe\u0301 simple"})
    assert answer.status_code == 200


async def test_wrong_passwords_and_unknown_people_get_the_same_answer(
    ada: AsyncClient, stranger: AsyncClient
) -> None:
    wrong = await stranger.post("/api/auth/login", json=ADA | {"password": "not the password"})
    unknown = await stranger.post("/api/auth/login", json=ADA | {"email": "eve@example.org"})
    nonsense = await stranger.post("/api/auth/login", json=ADA | {"email": "$ne"})
    assert wrong.status_code == unknown.status_code == nonsense.status_code == 401
    assert wrong.json() == unknown.json() == nonsense.json()


async def test_unknown_people_cost_a_hash_too(database: Database) -> None:
    verified: list[str | None] = []

    class Counting(Hasher):
        async def matches(self, password: str, hashed: str | None) -> bool:
            verified.append(hashed)
            return await super().matches(password, hashed)

    hasher = Counting(time_cost=1, memory_kib=1024)
    assert not await hasher.matches("whatever it is", None)
    assert verified == [None]


async def test_a_logged_out_token_is_worthless_at_once(ada: AsyncClient) -> None:
    assert (await ada.get("/api/auth/me")).status_code == 200
    assert (await ada.post("/api/auth/logout")).status_code == 204
    assert (await ada.get("/api/auth/me")).status_code == 401


async def test_logging_out_everywhere_ends_every_session(
    ada: AsyncClient, stranger: AsyncClient
) -> None:
    other = (await stranger.post("/api/auth/login", json=ADA)).json()["token"]
    assert (await ada.post("/api/auth/logout-all")).status_code == 204
    assert (await ada.get("/api/auth/me")).status_code == 401
    headers = {"Authorization": f"Bearer {other}"}
    assert (await stranger.get("/api/auth/me", headers=headers)).status_code == 401


async def test_a_new_password_ends_every_other_session(
    ada: AsyncClient, stranger: AsyncClient
) -> None:
    other = (await stranger.post("/api/auth/login", json=ADA)).json()["token"]
    change = {"current": PASSWORD, "new": "a much better one"}
    assert (await ada.post("/api/auth/password", json=change)).status_code == 204
    assert (await ada.get("/api/auth/me")).status_code == 200
    headers = {"Authorization": f"Bearer {other}"}
    assert (await stranger.get("/api/auth/me", headers=headers)).status_code == 401
    assert (await stranger.post("/api/auth/login", json=ADA)).status_code == 401


async def test_a_new_password_needs_the_present_one(ada: AsyncClient) -> None:
    change = {"current": "not this one", "new": "a much better one"}
    answer = await ada.post("/api/auth/password", json=change)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "current"


def _follow(monkeypatch: pytest.MonkeyPatch, clock: TestClock) -> None:
    """Let what is remembered for seconds be forgotten as the clock goes on."""
    monkeypatch.setattr("cronpp_app.services.sessions.monotonic", lambda: clock().timestamp())


async def test_a_session_ends_by_itself(
    ada: AsyncClient, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    _follow(monkeypatch, clock)
    for _ in range(3):
        clock.now += timedelta(days=10) - timedelta(seconds=1)
        assert (await ada.get("/api/auth/me")).status_code == 200
    clock.now += timedelta(seconds=3)
    assert (await ada.get("/api/auth/me")).status_code == 401


async def test_a_session_that_nobody_uses_ends_sooner(
    ada: AsyncClient, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    _follow(monkeypatch, clock)
    clock.now += timedelta(days=14) - timedelta(seconds=1)
    assert (await ada.get("/api/auth/me")).status_code == 200
    clock.now += timedelta(days=14)
    assert (await ada.get("/api/auth/me")).status_code == 401


async def test_every_sign_in_is_a_session_of_its_own(
    ada: AsyncClient, stranger: AsyncClient, database: Database
) -> None:
    tokens = {(await stranger.post("/api/auth/login", json=ADA)).json()["token"] for _ in range(3)}
    tokens.add(ada.headers["Authorization"].removeprefix("Bearer "))
    assert len(tokens) == 4
    stored = {session["_id"] for session in await database.sessions.find().to_list()}
    assert stored == {sha256(token.encode()).hexdigest() for token in tokens}


async def test_tokens_and_passwords_are_never_stored_in_clear(
    ada: AsyncClient, database: Database
) -> None:
    token = ada.headers["Authorization"].removeprefix("Bearer ")
    sessions = [dict(document) async for document in database.sessions.find()]
    users = [dict(document) async for document in database.users.find()]
    assert len(sessions) == len(users) == 1
    assert token not in str(sessions)
    assert PASSWORD not in str(users)
    assert "$argon2id$" in users[0]["password_hash"]


@pytest.mark.parametrize(("policy", "accounts"), [(Signup.FIRST, 1), (Signup.CLOSED, 0)])
async def test_signing_up_may_be_for_the_first_only_or_for_nobody(
    policy: Signup,
    accounts: int,
    database: Database,
    offered: ApiServices,
    open_client: Callable[..., Awaitable[AsyncClient]],
) -> None:
    quick = Hasher(time_cost=1, memory_kib=1024)
    limited = Accounts(
        AccountStore(database),
        LoginGuard(ThrottleStore(database)),
        audit=make_audit(database),
        signup=policy,
        hasher=quick,
    )
    app = build_api(replace(offered, accounts=limited), secret_key=SECRET)
    client = await open_client(app=app)
    bodies = [{"email": f"user{n}@example.org", "password": PASSWORD} for n in range(4)]
    answers = await asyncio.gather(*(client.post("/api/auth/signup", json=body) for body in bodies))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [201] * accounts + [403] * (4 - accounts)


async def test_guessing_is_slowed_down_with_a_word_on_when_to_come_back(
    ada: AsyncClient, stranger: AsyncClient
) -> None:
    wrong = ADA | {"password": "not the password"}
    most = OF_ACCOUNT.tries + OF_HOME.tries  # the account was made from this address
    answers = [await stranger.post("/api/auth/login", json=wrong) for _ in range(most + 1)]
    assert [answer.status_code for answer in answers] == [401] * most + [429]
    refused = answers[-1]
    assert refused.headers["Content-Type"] == "application/problem+json"
    wait = int(refused.headers["Retry-After"])
    assert 280 <= wait <= 300
    assert f"tried for this account. Try again in {wait} seconds" in refused.json()["detail"]
    right = await stranger.post("/api/auth/login", json=ADA)
    assert right.status_code == 429
    assert (await ada.get("/api/auth/me")).status_code == 200  # who is signed in stays so


async def test_a_claimed_address_does_not_get_around_the_limit(
    ada: AsyncClient, stranger: AsyncClient
) -> None:
    wrong = ADA | {"password": "not the password"}
    statuses = []
    for n in range(51):
        headers = {"X-Forwarded-For": f"203.0.113.{n}", "Forwarded": f"for=203.0.113.{n}"}
        body = wrong | {"email": f"user{n}@example.org"}
        answer = await stranger.post("/api/auth/login", json=body, headers=headers)
        statuses.append(answer.status_code)
    assert statuses == [401] * 50 + [429]


async def test_a_flood_of_sign_ins_is_turned_away_and_keeps_nobody_else_waiting(
    ada: AsyncClient, stranger: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, most = asyncio.Event(), 0
    working = 0

    async def slowly(*_: object) -> bool:
        nonlocal most, working
        working += 1
        most = max(most, working)
        await go.wait()
        working -= 1
        return False

    # The first one makes what unknown people are compared with.
    assert (await stranger.post("/api/auth/login", json=ADA | {"password": "?"})).status_code == 401
    monkeypatch.setattr("cronpp_app.services.passwords.asyncio.to_thread", slowly)
    bodies = [{"email": f"user{n}@example.org", "password": "?"} for n in range(25)]
    flood = [asyncio.create_task(stranger.post("/api/auth/login", json=body)) for body in bodies]
    # Two are looked at, twenty wait: all others are answered while nobody goes on.
    answered = asyncio.as_completed(flood)
    refused, *_ = [await next(answered) for _ in range(3)]
    assert refused.status_code == 503
    assert refused.headers["Retry-After"] == "1"
    assert "Too many people are signing in" in refused.json()["detail"]
    assert (await ada.get("/api/auth/me")).status_code == 200
    go.set()
    statuses = sorted([(await each).status_code for each in flood])
    assert statuses == [401] * 22 + [503] * 3
    assert most == 2
