"""Deleting an account: nothing of it remains anywhere, wherever it was interrupted."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cronpp_app.composition import Services, build_departures, build_services
from cronpp_app.domain.schedules import CronSchedule
from cronpp_app.errors import Conflict, InvalidInput, NotSignedIn
from cronpp_app.services.accounts import Accounts
from cronpp_app.services.departures import SETTLED_AFTER, Departures
from cronpp_app.services.drafts import check_fields
from cronpp_app.services.idempotency import Answer
from cronpp_app.services.identities import Identity, User
from cronpp_app.services.login_guard import LoginGuard
from cronpp_app.services.passwords import Hasher
from cronpp_app.services.secrets import NewSecretDraft
from cronpp_app.services.tokens import TokenDraft
from cronpp_app.settings import Settings
from cronpp_app.store.accounts import AccountStore
from cronpp_app.store.attempts import AttemptStore
from cronpp_app.store.database import Database
from cronpp_app.store.integrity import violations
from cronpp_app.store.keys import Keys
from cronpp_app.store.runs import RunStore
from cronpp_app.store.throttles import ThrottleStore
from tests.factories import NOON, job_definition, make_audit, make_run

PASSWORD = "correct horse battery"
ADDRESS = "198.51.100.7"
RETENTION = timedelta(days=30)
STEPS = 10


class Clock:
    now = NOON

    def __call__(self) -> Any:
        return self.now


class Killed(BaseException):
    """As if the process had been killed here: nothing catches it."""


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(database: Database) -> Accounts:
    hasher = Hasher(time_cost=1, memory_kib=1024)
    guard = LoginGuard(ThrottleStore(database))
    return Accounts(AccountStore(database), guard, audit=make_audit(database), hasher=hasher)


@pytest.fixture
def departures(database: Database, keys: Keys, accounts: Accounts, clock: Clock) -> Departures:
    audit = make_audit(database, clock=clock)
    return build_departures(database, keys, accounts, audit=audit, retention=RETENTION, clock=clock)


@pytest.fixture
async def services(
    database: Database, keys: Keys, accounts: Accounts, departures: Departures, tmp_path: Path
) -> AsyncIterator[Services]:
    built = build_services(Settings(data_dir=tmp_path), database, keys)
    yield replace(built, accounts=accounts, departures=departures)
    await built.aclose()


@pytest.fixture
def move_in(services: Services, database: Database) -> Callable[[str], Awaitable[Identity]]:
    """Make somebody an account, and have them leave something everywhere."""

    async def make(email: str) -> Identity:
        accounts = services.accounts
        signed_in = await accounts.signup(email, PASSWORD, origin=ADDRESS)
        await accounts.login(email, PASSWORD, origin=ADDRESS)
        with pytest.raises(NotSignedIn):
            await accounts.login(email, "not this one", origin="203.0.113.9")
        identity = await accounts.identify(signed_in.token)
        assert identity is not None
        await fill(services, database, identity.user)
        return identity

    return make


async def fill(services: Services, database: Database, user: User) -> None:
    token = {"name": "CI", "scope": "read"}
    await services.tokens.create(user, check_fields(TokenDraft, token, now=NOON))
    secret = {"name": "CAVE", "value": "open sesame"}
    await services.secrets.create(user, check_fields(NewSecretDraft, secret))
    await services.signing.show(user)
    jobs = [
        await services.jobs.create(user, job_definition(name=name, schedule=schedule))
        for name, schedule in (
            ("One", CronSchedule(cron="* * * * * *")),
            ("Two", CronSchedule(cron="0 0 1 1 *")),
            ("Gone", CronSchedule(cron="0 0 1 1 *")),
        )
    ]
    await services.jobs.run_now(user, jobs[1].id)
    for job in jobs[1:]:
        await services.jobs.edit(user, job.id, replace(job.definition, description="Another"))
    await services.deletions.delete(user, jobs[2].id)
    # Under way at a worker, and ended long ago.
    ended = make_run(jobs[0], id=f"ended-{user.id}", attempt_count=2, worker_id="w")
    running = make_run(jobs[1], id=f"running-{user.id}", attempt_count=1, worker_id="w")
    await RunStore(database, retention=RETENTION).add([ended, running])
    attempts = AttemptStore(database, retention=RETENTION)
    await attempts.open_all([replace(ended, attempt_count=1), ended, running], now=NOON)
    over = {"status": "SUCCESS", "finished_at": NOON, "expire_at": NOON + RETENTION}
    await database.runs.update_one({"_id": ended.id}, {"$set": over, "$unset": {"wake_at": ""}})
    await database.logs.update_many({"run_id": ended.id}, {"$set": {"status": "SUCCESS"}})
    await database.runs.update_one({"_id": running.id}, {"$set": {"status": "RUNNING"}})

    async def answer(_: str) -> Answer:
        return Answer(status=201, body="{}", headers={})

    await services.idempotency.once(user, "a-key", request=[], do=answer)


async def left_of(database: Database, *words: str) -> dict[str, list[Any]]:
    """Return every document of every collection in which one of `words` stands anywhere."""
    found: dict[str, list[Any]] = {}
    for name in await database.raw.list_collection_names():
        documents = await database.raw[name].find().to_list()
        if some := [one for one in documents if any(word in str(one) for word in words)]:
            found[name] = some
    return found


async def known_of(database: Database, identity: Identity) -> dict[str, list[Any]]:
    """Return what is left of somebody, by id and e-mail address, also where that is a digest."""
    from cronpp_app.domain.throttling import account_key

    email = identity.user.email
    digest = account_key(email).removeprefix("account ")
    return await left_of(database, identity.user.id, email, digest, identity.session_id)


COLLECTIONS = {
    *("users", "sessions", "api_tokens", "jobs", "deleted_jobs", "job_versions", "runs"),
    *("execution_logs", "secrets", "signing_secrets", "idempotency_keys", "throttles", "audit_log"),
}


async def test_nothing_of_a_deleted_account_remains_in_any_collection(
    move_in: Callable[[str], Awaitable[Identity]],
    services: Services,
    database: Database,
    clock: Clock,
) -> None:
    ada, bob = await move_in("ada@example.org"), await move_in("bob@example.org")
    assert (await known_of(database, bob)).keys() >= COLLECTIONS, "or this would prove nothing"
    adas = await known_of(database, ada)
    await services.departures.leave(bob, password=PASSWORD)
    left = await known_of(database, bob)
    # What runs has been taken from its worker; it goes when that has let go for certain.
    assert left.keys() == {"departures", "runs", "execution_logs"}
    assert [run["claim_id"] for run in left["runs"]] == ["cancelling"]
    assert [one["status"] for one in left["execution_logs"]] == ["CANCELLED"]
    clock.now += SETTLED_AFTER
    await services.departures.finish_all()
    assert await known_of(database, bob) == {}
    assert await known_of(database, ada) == adas
    assert [words async for words in violations(database)] == []


@pytest.mark.parametrize("step", range(STEPS))
async def test_a_departure_that_was_interrupted_is_finished_by_the_next_one_who_looks(
    step: int,
    move_in: Callable[[str], Awaitable[Identity]],
    services: Services,
    departures: Departures,
    database: Database,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ada, bob = await move_in("ada@example.org"), await move_in("bob@example.org")
    adas = await known_of(database, ada)
    steps = Departures._steps

    def until_killed(self: Departures, *args: Any, **options: Any) -> Any:
        async def die() -> None:
            raise Killed

        everything = steps(self, *args, **options)
        assert len(everything) == STEPS
        return (*everything[:step], die)

    with monkeypatch.context() as patched:
        patched.setattr(Departures, "_steps", until_killed)
        with pytest.raises(Killed):
            await departures.leave(bob, password=PASSWORD)
    assert await services.accounts.user(bob.user.id) is None
    with pytest.raises(NotSignedIn):
        await services.accounts.login("bob@example.org", PASSWORD, origin=ADDRESS)
    assert [words async for words in violations(database)] == []
    await departures.finish_all()
    clock.now += SETTLED_AFTER
    await departures.finish_all()
    assert await known_of(database, bob) == {}
    assert await known_of(database, ada) == adas


async def test_what_was_under_way_elsewhere_is_removed_when_all_has_settled(
    move_in: Callable[[str], Awaitable[Identity]],
    services: Services,
    database: Database,
    clock: Clock,
) -> None:
    await move_in("ada@example.org")
    bob = await move_in("bob@example.org")
    await services.departures.leave(bob, password=PASSWORD)
    await fill(services, database, bob.user)  # by requests that had passed the gate before
    await services.departures.finish_all()
    clock.now += SETTLED_AFTER
    await fill_once_more(services, bob.user)
    await services.departures.finish_all()
    assert await known_of(database, bob) == {}


async def fill_once_more(services: Services, user: User) -> None:
    await services.jobs.create(user, job_definition())
    await services.signing.show(user)


async def test_an_account_goes_with_its_own_password_only(
    move_in: Callable[[str], Awaitable[Identity]], services: Services, database: Database
) -> None:
    ada = await move_in("ada@example.org")
    with pytest.raises(InvalidInput) as refused:
        await services.departures.leave(ada, password="not this one")
    assert [error.field for error in refused.value.errors] == ["password"]
    assert await services.accounts.user(ada.user.id) == ada.user
    assert await database.raw["departures"].find_one({}) is None


async def test_the_only_administrator_stays_while_others_are_here(
    move_in: Callable[[str], Awaitable[Identity]], services: Services
) -> None:
    ada, bob = await move_in("ada@example.org"), await move_in("bob@example.org")
    with pytest.raises(Conflict, match="only administrator"):
        await services.departures.leave(ada, password=PASSWORD)
    assert await services.accounts.user(ada.user.id) == ada.user
    await services.departures.leave(bob, password=PASSWORD)
    await services.departures.leave(ada, password=PASSWORD)
    again = await services.accounts.signup("carl@example.org", PASSWORD)
    assert again.user.role == "admin"


async def test_who_comes_after_an_administrator_who_left_is_not_made_one(
    move_in: Callable[[str], Awaitable[Identity]], services: Services, database: Database
) -> None:
    ada, bob = await move_in("ada@example.org"), await move_in("bob@example.org")
    await database.users.update_one({"_id": bob.user.id}, {"$set": {"role": "admin"}})
    await services.departures.leave(ada, password=PASSWORD)
    stranger = await services.accounts.signup("carl@example.org", PASSWORD)
    assert stranger.user.role == "user"


async def test_of_two_administrators_who_leave_at_once_one_stays(
    move_in: Callable[[str], Awaitable[Identity]], services: Services, database: Database
) -> None:
    people = [await move_in(f"{name}@example.org") for name in ("ada", "bob", "carl")]
    admins = people[:2]
    ids = [one.user.id for one in admins]
    await database.users.update_many({"_id": {"$in": ids}}, {"$set": {"role": "admin"}})
    leaving = [services.departures.leave(one, password=PASSWORD) for one in admins]
    outcomes = await asyncio.gather(*leaving, return_exceptions=True)
    assert sorted(type(outcome) for outcome in outcomes if outcome) == [Conflict]
    assert await database.users.count_documents({"role": "admin"}) == 1
