"""What people's queries cost, as MongoDB's profiler counts it while they run.

Queries of lists must be served by an index in its order: no scan of a collection, no sorting
in memory, and no more keys read than a few per document that is returned.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from cronpp_app.domain.jobs import JobStatus
from cronpp_app.domain.runs import RunStatus, Trigger
from cronpp_app.sealing import KeyRing
from cronpp_app.store.bulk import BulkJobStore
from cronpp_app.store.database import Database
from cronpp_app.store.documents import job_document
from cronpp_app.store.history import HistoryStore
from cronpp_app.store.jobs import JobFilter, JobSort, JobStore
from cronpp_app.store.keys import Keys, KeyStore
from cronpp_app.store.ledger import Ledger, RunFilter
from cronpp_app.store.measures import MeasureStore
from cronpp_app.store.run_documents import run_document
from cronpp_app.store.secrets import SecretStore
from cronpp_app.store.sessions import SessionFilter, SessionStore
from cronpp_app.store.tokens import TokenStore
from tests.factories import NOON, make_job, make_run
from tests.store.conftest import CostOf, assert_cheap

JOBS, RUNS, LIMIT = 1_500, 3_000, 20
ADA, BOB = "ada", "bob"
HOUR = timedelta(hours=1)


@pytest.fixture
def database_name(new_database_name: str) -> str:
    """MongoDB remembers which plan suited documents that other tests stored."""
    return new_database_name


@pytest.fixture
async def database(database: Database) -> Database:
    """The database, with many people's jobs and runs in it."""
    await database.jobs.insert_many([_job(n) for n in range(JOBS)])
    await database.runs.insert_many([_run(n) for n in range(RUNS)])
    await database.api_tokens.insert_many([_token(n) for n in range(JOBS)])
    await database.raw["secrets"].insert_many([_secret(n) for n in range(JOBS)])
    await database.sessions.insert_many([_session(n) for n in range(JOBS)])
    return database


def _session(n: int) -> dict[str, Any]:
    times = {"created_at": NOON - HOUR * (n // 9), "seen_at": NOON, "expires_at": NOON + HOUR}
    return {"_id": f"session-{n:06}", "user_id": BOB if n % 3 else ADA, "epoch": 2, **times}


def _sessions(database: Database, after: Any = None) -> Awaitable[Any]:
    which = SessionFilter(user_id=ADA, epoch=2, alive_at=NOON, seen_after=NOON - HOUR)
    return SessionStore(database).page(which, limit=LIMIT, after=after)


def _secret(n: int) -> dict[str, Any]:
    times = {"created_at": NOON, "updated_at": NOON}
    return {"_id": f"{n}", "user_id": ADA, "name": f"S_{n:06}", "shown": "••••", **times}


def _secrets(database: Database) -> SecretStore:
    return SecretStore(database, Keys(KeyStore(database), KeyRing("a key for tests")))


def _job(n: int) -> dict[str, Any]:
    status = JobStatus.PAUSED if n % 100 == 0 else JobStatus.PENDING
    job = make_job(
        id=f"job-{n:06}",
        user_id=BOB if n % 3 == 0 else ADA,
        name=f"Export {n % 50}",
        tags=("rare",) if n % 400 == 1 else ("billing",),
        status=status,
        enabled=status is JobStatus.PENDING,
        created_at=NOON + timedelta(seconds=n % 7),
        next_run_time=None if status is JobStatus.PAUSED else NOON + HOUR * (n % 24),
    )
    more = {"secret_names": ["S_000001"]} if n % 100 == 1 else {}
    return {**job_document(job), "consecutive_failures": n % 10 if n % 5 == 0 else 0, **more}


def _run(n: int) -> dict[str, Any]:
    job = make_job(id=f"job-{n % 90:06}", user_id=BOB if n % 3 == 0 else ADA)
    fire_time = NOON - timedelta(minutes=n // 3)
    run = make_run(job, id=f"run-{n:06}", fire_time=fire_time)
    if n < 6:
        return dict(run_document(run))
    ended: dict[str, Any] = dict(run_document(run))
    ended.pop("wake_at")
    return ended | {
        "status": "FAILED" if n % 500 == 7 else "SUCCESS",
        "finished_at": fire_time + timedelta(seconds=2),
        "lateness_ms": n % 80,
    }


def _token(n: int) -> dict[str, Any]:
    names = {"_id": f"token-{n:06}", "hash": f"hash-{n:06}", "name": "CI", "ending": "abcd"}
    return {**names, "user_id": BOB if n % 3 else ADA, "scope": "read", "created_at": NOON}


def _page(sort: JobSort, *, descending: bool = False, **which: Any) -> Callable[..., Any]:
    def ask(database: Database, after: Any = None) -> Awaitable[Any]:
        return JobStore(database).page(
            JobFilter(user_id=ADA, **which),
            sort=sort,
            descending=descending,
            limit=LIMIT,
            after=after,
        )

    return ask


def _runs(**which: Any) -> Callable[..., Any]:
    def ask(database: Database, after: Any = None) -> Awaitable[Any]:
        ledger = Ledger(database, retention=timedelta(days=30))
        return ledger.page(RunFilter(user_id=ADA, **which), limit=LIMIT, after=after)

    return ask


LISTS = {
    "jobs by next run": _page(JobSort.NEXT_RUN_TIME),
    "jobs by next run, descending": _page(JobSort.NEXT_RUN_TIME, descending=True),
    "jobs by name": _page(JobSort.NAME),
    "jobs by name, descending": _page(JobSort.NAME, descending=True),
    "jobs by last run": _page(JobSort.LAST_RUN),
    "jobs by creation": _page(JobSort.CREATED_AT),
    "paused jobs": _page(JobSort.NEXT_RUN_TIME, status=JobStatus.PAUSED),
    "waiting jobs": _page(JobSort.NEXT_RUN_TIME, status=JobStatus.PENDING),
    "jobs of a common tag": _page(JobSort.NEXT_RUN_TIME, tag="billing"),
    "all runs": _runs(),
    "runs of a job": _runs(job_id="job-000001"),
    "runs made by hand": _runs(trigger=Trigger.MANUAL),
    "failed runs of a job": _runs(job_id="job-000007", status=RunStatus.FAILED),
    "failed runs": _runs(status=RunStatus.FAILED),
    "successful runs": _runs(status=RunStatus.SUCCESS),
    "sessions": _sessions,
    "runs of an hour": _runs(since=NOON - 10 * HOUR, until=NOON - 9 * HOUR),
}


@pytest.mark.parametrize("name", LISTS)
async def test_a_page_is_read_in_the_order_of_an_index(
    name: str, database: Database, cost_of: CostOf
) -> None:
    ask = LISTS[name]
    _, position = await ask(database)
    for after in [None] if position is None else [None, position]:
        (cost,) = await cost_of(ask(database, after))
        assert_cheap(cost)


@pytest.mark.parametrize("sort", JobSort)
async def test_a_page_in_the_middle_costs_no_more_although_all_sort_keys_are_equal(
    sort: JobSort,
    database: Database,
    cost_of: CostOf,
) -> None:
    same = {"name_sort": "x", "next_sort": NOON, "last_sort": NOON, "created_at": NOON}
    await database.jobs.update_many({}, {"$set": same})
    ask = _page(sort)
    value: Any = "x" if sort is JobSort.NAME else NOON
    (cost,) = await cost_of(ask(database, (value, "job-001000")))
    assert_cheap(cost)


MANY = [f"job-{n:06}" for n in range(100)]


def bulk_store(database: Database) -> BulkJobStore:
    return BulkJobStore(database, retention=HOUR)


_A_JOB = make_job(id="job-000007", user_id=ADA)
_A_RUN = make_run(_A_JOB, fire_time=NOON)
_YEAR = {"since": NOON - 24 * 365 * HOUR, "bin_minutes": 60, "limit": 1_000}

QUERIES: dict[str, Callable[[Database], Awaitable[Any]]] = {
    "a job": lambda db: JobStore(db).get(ADA, "job-000001"),
    "the next jobs": lambda db: JobStore(db).upcoming(ADA, limit=5),
    "the worst jobs": lambda db: JobStore(db).worst(ADA, limit=5),
    "overdue jobs": lambda db: JobStore(db).overdue(ADA, before=NOON + HOUR, limit=5),
    "jobs that Cron++ paused": lambda db: JobStore(db).stopped(ADA, limit=5),
    "a rare tag": _page(JobSort.NAME, tag="rare"),
    "a run": lambda db: Ledger(db, retention=HOUR).get(ADA, "run-000001"),
    "some runs": lambda db: Ledger(db, retention=HOUR).some(ADA, ["run-000001", "run-000002"]),
    "a stretch of time": lambda db: HistoryStore(db).stretch(
        ADA, since=NOON - HOUR, until=NOON, limit=30
    ),
    "attempts": lambda db: Ledger(db, retention=HOUR).attempts(ADA, "run-000001"),
    "the newest tokens": lambda db: TokenStore(db).page(ADA, limit=LIMIT),
    "older tokens": lambda db: TokenStore(db).page(ADA, limit=LIMIT, after="token-000900"),
    "jobs of many ids": lambda db: bulk_store(db).jobs(ADA, MANY, enabled=True),
    "the owned of many ids": lambda db: bulk_store(db).owned(ADA, MANY),
    "the first secrets": lambda db: _secrets(db).page(ADA, limit=LIMIT),
    "more secrets": lambda db: _secrets(db).page(ADA, limit=LIMIT, after="S_000900"),
    "values of secrets": lambda db: _secrets(db).values([(ADA, "NONE")]),
    "a token": lambda db: TokenStore(db).by_hash("hash-000900"),
}


@pytest.mark.parametrize("name", QUERIES)
async def test_a_query_reads_what_it_returns(
    name: str, database: Database, cost_of: CostOf
) -> None:
    (cost,) = await cost_of(QUERIES[name](database))
    # The few jobs of a rare tag are sorted in memory: cheaper than an index for every order.
    assert_cheap(cost, may_sort=name == "a rare tag")


async def test_tags_are_found_by_one_short_look_each(database: Database, cost_of: CostOf) -> None:
    costs = await cost_of(JobStore(database).tags(ADA, limit=10))
    assert await JobStore(database).tags(ADA, limit=10) == ["billing", "rare"]
    assert await JobStore(database).tags(ADA, limit=1) == ["billing"]
    assert len(costs) == 3
    for cost in costs:
        assert_cheap(cost)


async def test_looking_back_for_a_good_run_reads_no_more_than_it_may(
    database: Database, cost_of: CostOf
) -> None:
    await database.runs.update_many({"job_id": _A_JOB.id}, {"$set": {"status": "SKIPPED"}})
    (cost,) = await cost_of(HistoryStore(database).last_good(_A_RUN, among=10))
    assert cost["keysExamined"] <= 11
    assert cost["docsExamined"] <= 11
    assert not cost.get("hasSortStage")


async def test_a_search_reads_the_jobs_it_finds_only(database: Database, cost_of: CostOf) -> None:
    await database.jobs.update_one({"_id": "job-000700"}, {"$set": {"words": ["unheard"]}})
    (cost,) = await cost_of(_page(JobSort.NAME, words=("unhe",))(database))
    assert cost["nreturned"] == 1
    assert_cheap(cost, may_sort=True)


COUNTS: dict[str, Callable[[Database], Awaitable[Any]]] = {
    "jobs": lambda db: JobStore(db).count(JobFilter(user_id=ADA), limit=10_001),
    "all jobs, to change them": lambda db: bulk_store(db).matching(JobFilter(user_id=ADA)),
    "the backlog": lambda db: MeasureStore(db).backlog(NOON + 48 * HOUR),
    "all jobs by status": lambda db: MeasureStore(db).jobs_by_status(),
    "tokens": lambda db: TokenStore(db).count(ADA),
    "secrets": lambda db: _secrets(db).count(ADA),
    "jobs by status": lambda db: JobStore(db).count_by_status(ADA),
    "runs": lambda db: Ledger(db, retention=HOUR).count(RunFilter(user_id=ADA), limit=10_001),
    "results by hour": lambda db: Ledger(db, retention=HOUR).tally(
        ADA, since=NOON - 24 * HOUR, until=NOON + HOUR
    ),
    "runs of a job by day": lambda db: HistoryStore(db).runs_by_bin(_A_JOB, **_YEAR),
    "failures of a job by day": lambda db: HistoryStore(db).failures_by_bin(_A_JOB, **_YEAR),
    "lateness": lambda db: Ledger(db, retention=HOUR).lateness(
        ADA, since=NOON - 24 * HOUR, until=NOON + HOUR, limit=5_000
    ),
}


@pytest.mark.parametrize("name", COUNTS)
async def test_counting_reads_index_keys_and_no_documents(
    name: str, database: Database, cost_of: CostOf
) -> None:
    for cost in await cost_of(COUNTS[name](database)):
        assert "COLLSCAN" not in cost["planSummary"]
        assert cost["docsExamined"] == 0


async def test_cancelling_runs_of_many_jobs_walks_through_the_queue_not_through_histories(
    database: Database, cost_of: CostOf
) -> None:
    work = bulk_store(database).cancel_waiting(ADA, {"job-000001"}, reason="Paused.", now=NOON)
    costs = await cost_of(work)
    assert sum(cost["docsExamined"] for cost in costs) <= 8
    assert all("COLLSCAN" not in cost["planSummary"] for cost in costs)
    assert await database.runs.count_documents({"status": "CANCELLED"}) == 1


async def test_the_oldest_that_is_due_is_found_at_once(database: Database, cost_of: CostOf) -> None:
    for cost in await cost_of(MeasureStore(database).oldest_due(NOON + HOUR)):
        assert cost["keysExamined"] == 1


async def test_attempts_are_read_by_their_key(database: Database) -> None:
    moment: datetime = NOON
    log = {"user_id": ADA, "worker_id": "w", "status": "SUCCESS", "started_at": moment}
    for run_id, number in [("run-1", 2), ("run-1", 1), ("run-10", 1), ("run-1", 11)]:
        key = f"{run_id}/{number:04}"
        await database.logs.insert_one({"_id": key, "run_id": run_id, "number": number, **log})
    attempts = await Ledger(database, retention=HOUR).attempts(ADA, "run-1")
    assert [attempt.number for attempt in attempts] == [1, 2, 11]


async def test_counting_the_jobs_that_refer_to_secrets_reads_those_only(
    database: Database, cost_of: CostOf
) -> None:
    (cost,) = await cost_of(_secrets(database).use_counts(ADA, ["S_000001"]))
    assert cost["planSummary"] == "IXSCAN { user_id: 1, secret_names: 1 }"
    assert cost["docsExamined"] <= 15
