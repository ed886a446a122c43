"""What people's queries cost, as MongoDB's profiler counts it while they run.

A query reads what it returns, by an index; counting reads keys only.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import pytest

from cronpp_app.sealing import KeyRing
from cronpp_app.store.bulk import BulkJobStore
from cronpp_app.store.database import Database
from cronpp_app.store.history import HistoryStore
from cronpp_app.store.job_filters import JobFilter, JobSort
from cronpp_app.store.jobs import JobStore
from cronpp_app.store.keys import Keys, KeyStore
from cronpp_app.store.ledger import Ledger, RunFilter
from cronpp_app.store.measures import MeasureStore
from cronpp_app.store.secrets import SecretStore
from cronpp_app.store.tokens import TokenStore
from tests.factories import NOON, make_job, make_run
from tests.store.conftest import CostOf, assert_cheap
from tests.store.many import ADA, HOUR, filled

LIMIT = 20


@pytest.fixture
def database_name(new_database_name: str) -> str:
    """MongoDB remembers which plan suited documents that other tests stored."""
    return new_database_name


@pytest.fixture
async def database(database: Database) -> Database:
    return await filled(database)


def _secrets(database: Database) -> SecretStore:
    return SecretStore(database, Keys(KeyStore(database), KeyRing("a key for tests")))


def named(database: Database, **which: Any) -> Awaitable[Any]:
    """Ask for a page of jobs by name."""
    wanted = JobFilter(user_id=ADA, **which)
    return JobStore(database).page(
        wanted, sort=JobSort.NAME, descending=False, limit=LIMIT, after=None
    )


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
    "a rare tag": lambda db: named(db, tag="rare"),
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
    (cost,) = await cost_of(named(database, words=("unhe",)))
    assert cost["nreturned"] == 1
    assert_cheap(cost, may_sort=True)


@pytest.mark.parametrize("words", [("export", "unhe"), ("unhe", "export")])
async def test_a_search_goes_by_its_rarest_word(
    words: tuple[str, ...], database: Database, cost_of: CostOf
) -> None:
    await database.jobs.update_one(
        {"_id": "job-000700"}, {"$set": {"words": ["export", "unheard"]}}
    )
    store = JobStore(database)
    which = await store.rarest_first(JobFilter(user_id=ADA, words=words))
    page = store.page(which, sort=JobSort.NAME, descending=False, limit=50)
    (cost,) = await cost_of(page)
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
