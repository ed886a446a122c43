"""Services on a real database, where the API does not reach."""

import asyncio
from datetime import timedelta

import pytest

from cronpp_app.domain.schedules import CronSchedule
from cronpp_app.errors import Conflict, InvalidInput, StaleVersion
from cronpp_app.services.accounts import Accounts
from cronpp_app.services.credentials import normal_email
from cronpp_app.services.idempotency import Answer, Idempotency
from cronpp_app.services.job_secrets import JobSecrets
from cronpp_app.services.jobs import JobQuery, Jobs
from cronpp_app.services.login_guard import LoginGuard
from cronpp_app.services.overview import Overviews, percentile
from cronpp_app.services.passwords import Hasher
from cronpp_app.store.accounts import AccountStore
from cronpp_app.store.database import Database
from cronpp_app.store.idempotency import IdempotencyStore
from cronpp_app.store.jobs import JobStore
from cronpp_app.store.keys import Keys
from cronpp_app.store.ledger import Ledger
from cronpp_app.store.runs import RunStore
from cronpp_app.store.secrets import SecretStore
from cronpp_app.store.throttles import ThrottleStore
from cronpp_app.store.workers import WorkerStore
from tests.factories import NOON, job_definition, make_audit, make_user

RETENTION = timedelta(days=30)
PASSWORD = "correct horse battery"


@pytest.fixture
def accounts(database: Database) -> Accounts:
    hasher = Hasher(time_cost=1, memory_kib=1024)
    return Accounts(
        AccountStore(database),
        LoginGuard(ThrottleStore(database)),
        audit=make_audit(database),
        hasher=hasher,
        clock=lambda: NOON,
    )


class Bell:
    rung = 0

    async def __call__(self) -> None:
        self.rung += 1


@pytest.fixture
def bell() -> Bell:
    return Bell()


@pytest.fixture
def jobs(database: Database, keys: Keys, bell: Bell) -> Jobs:
    store, runs = JobStore(database), RunStore(database, retention=RETENTION)
    secrets = JobSecrets(SecretStore(database, keys), keys)
    return Jobs(
        store, runs, ring=bell, secrets=secrets, audit=make_audit(database), clock=lambda: NOON
    )


async def test_a_session_ended_elsewhere_is_felt_within_seconds(
    accounts: Accounts, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = 0.0
    monkeypatch.setattr("cronpp_app.services.sessions.monotonic", lambda: seconds)
    signed_in = await accounts.signup("ada@example.org", PASSWORD)
    assert await accounts.identify(signed_in.token) is not None
    await database.sessions.delete_many({})
    assert await accounts.identify(signed_in.token) is not None
    seconds = 5.0
    assert await accounts.identify(signed_in.token) is None


async def test_the_session_id_is_not_the_token(accounts: Accounts) -> None:
    signed_in = await accounts.signup("ada@example.org", PASSWORD)
    identity = await accounts.identify(signed_in.token)
    assert identity is not None
    assert identity.session_id != signed_in.token
    assert await accounts.identify(identity.session_id) is None


async def test_a_session_of_an_old_password_is_worthless_even_if_it_was_not_deleted(
    accounts: Accounts, database: Database
) -> None:
    first = await accounts.signup("ada@example.org", PASSWORD)
    second = await accounts.login("ada@example.org", PASSWORD, origin="127.0.0.1")
    kept = await database.sessions.find().to_list()
    identity = await accounts.identify(first.token)
    assert identity is not None
    await accounts.change_password(identity, current=PASSWORD, new="a much better one")
    await database.sessions.delete_many({})
    await database.sessions.insert_many(kept)  # as if the deletion had failed half-way
    assert await accounts.identify(second.token) is None


def test_a_text_too_long_for_an_address_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Anybody may send one, and the validator takes seconds over half a million quotes."""

    def read(*_: object, **__: object) -> None:
        raise AssertionError("was read")

    monkeypatch.setattr("cronpp_app.services.credentials.validate_email", read)
    assert normal_email('"' * 500_000 + "@example.org") is None


async def test_people_set_the_zone_they_read_times_in(accounts: Accounts) -> None:
    signed_in = await accounts.signup("ada@example.org", PASSWORD)
    identity = await accounts.identify(signed_in.token)
    assert identity is not None
    user = await accounts.set_timezone(identity, "Asia/Kolkata")
    assert user.timezone == "Asia/Kolkata"
    again = await accounts.identify(signed_in.token)
    assert again is not None
    assert again.user.timezone == "Asia/Kolkata"
    with pytest.raises(InvalidInput):
        await accounts.set_timezone(identity, "Mars/Base")


async def test_an_outdated_hash_is_renewed_at_login(database: Database) -> None:
    old = Accounts(
        AccountStore(database),
        LoginGuard(ThrottleStore(database)),
        audit=make_audit(database),
        hasher=Hasher(time_cost=1, memory_kib=1024),
    )
    await old.signup("ada@example.org", PASSWORD)
    new = Accounts(
        AccountStore(database),
        LoginGuard(ThrottleStore(database)),
        audit=make_audit(database),
        hasher=Hasher(time_cost=2, memory_kib=1024),
    )
    await new.login("ada@example.org", PASSWORD, origin="127.0.0.1")
    stored = await database.users.find_one({"email": "ada@example.org"})
    assert stored is not None
    assert "t=2" in stored["password_hash"]
    assert await new.login("ada@example.org", PASSWORD, origin="127.0.0.1")


async def test_an_edit_of_a_version_that_is_gone_is_refused(jobs: Jobs) -> None:
    user = make_user()
    job = await jobs.create(user, job_definition())
    await jobs.edit(user, job.id, job_definition(name="A"), if_version=1)
    with pytest.raises(StaleVersion):
        await jobs.edit(user, job.id, job_definition(name="B"), if_version=1)
    assert (await jobs.edit(user, job.id, job_definition(name="B"))).version == 3


async def test_workers_are_woken_for_what_is_due_soon_only(jobs: Jobs, bell: Bell) -> None:
    user = make_user()
    await jobs.create(user, job_definition())  # due in an hour
    assert bell.rung == 0
    await jobs.create(user, job_definition(schedule=CronSchedule(cron="* * * * * *")))
    assert bell.rung == 1


async def test_only_failing_jobs_need_attention(jobs: Jobs, database: Database) -> None:
    user = make_user()
    failures = {"fine": 0, "bad": 1, "worse": 7}
    for name, count in failures.items():
        job = await jobs.create(user, job_definition(name=name))
        fields = {"$set": {"consecutive_failures": count}}
        await database.jobs.update_one({"_id": job.id}, fields)
    ledger = Ledger(database, retention=RETENTION)
    overviews = Overviews(JobStore(database), ledger, WorkerStore(database), clock=lambda: NOON)
    worst = await overviews.needs_attention(user)
    assert [job.definition.name for job in worst] == ["worse", "bad"]
    assert (await overviews.of(user)).failing == 2
    page = await jobs.search(user, JobQuery(failing=True))
    assert {job.definition.name for job in page.items} == {"bad", "worse"}
    assert [job.definition.name for job in await overviews.up_next(user, limit=1)] == ["fine"]


async def test_hours_that_are_over_are_not_counted_again(database: Database) -> None:
    now = NOON + timedelta(minutes=10)
    user, asked = make_user(), []

    class Watched(Ledger):
        async def tally(self, user_id, *, since, until):  # type: ignore[no-untyped-def]
            asked.append(since)
            return await super().tally(user_id, since=since, until=until)

    ledger = Watched(database, retention=RETENTION)
    overviews = Overviews(
        JobStore(database), ledger, WorkerStore(database), clock=lambda: now, fresh_seconds=0
    )
    first = await overviews.of(user)
    second = await overviews.of(user)
    assert asked == [NOON - timedelta(hours=23), NOON]
    assert second == first
    now += timedelta(hours=1)
    await overviews.of(user)
    assert asked[-1] == NOON


async def test_an_overview_is_remembered_for_a_moment(database: Database) -> None:
    ledger = Ledger(database, retention=RETENTION)
    overviews = Overviews(JobStore(database), ledger, WorkerStore(database), clock=lambda: NOON)
    assert await overviews.of(make_user()) is await overviews.of(make_user())


@pytest.mark.parametrize(
    ("percent", "value"), [(50, 50), (95, 95), (99, 99), (100, 100), (1, 1), (0, 1)]
)
def test_percentiles_are_those_of_the_nearest_rank(percent: int, value: int) -> None:
    assert percentile(range(1, 101), percent) == value


def test_of_nothing_there_is_no_percentile() -> None:
    assert percentile([], 50) is None
    assert percentile([7], 99) == 7


async def test_a_request_whose_process_died_can_be_made_again(
    database: Database, keys: Keys
) -> None:
    now = NOON
    idempotency = Idempotency(IdempotencyStore(database, keys), clock=lambda: now)
    working, stuck = asyncio.Event(), asyncio.Event()
    answer = Answer(status=201, body="{}", headers={})

    async def hang(_: str) -> Answer:
        working.set()
        await stuck.wait()
        return answer

    async def do(_: str) -> Answer:
        return answer

    user = make_user()
    first = asyncio.create_task(idempotency.once(user, "k", request=1, do=hang))
    await working.wait()
    with pytest.raises(Conflict):
        await idempotency.once(user, "k", request=1, do=do)
    now += timedelta(minutes=2)
    assert await idempotency.once(user, "k", request=1, do=do) == (answer, False)
    assert await idempotency.once(user, "k", request=1, do=do) == (answer, True)
    stuck.set()
    await first
