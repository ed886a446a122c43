"""What the pages of people's lists cost, as MongoDB's profiler counts it while they run.

Lists must be served by an index in their order: no scan of a collection, no sorting in memory,
and no more keys read than a few per document that is returned.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from cronpp_app.domain.jobs import JobStatus
from cronpp_app.domain.runs import RunStatus, Trigger
from cronpp_app.store.database import Database
from cronpp_app.store.job_filters import JobFilter, JobSort
from cronpp_app.store.jobs import JobStore
from cronpp_app.store.ledger import Ledger, RunFilter
from cronpp_app.store.sessions import SessionFilter, SessionStore
from tests.factories import NOON
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


def _sessions(database: Database, after: Any = None) -> Awaitable[Any]:
    which = SessionFilter(user_id=ADA, epoch=2, alive_at=NOON, seen_after=NOON - HOUR)
    return SessionStore(database).page(which, limit=LIMIT, after=after)


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
