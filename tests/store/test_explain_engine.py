"""What the engine's queries cost, beside many jobs and runs that are none of their business.

Flat: an index in the right order, hardly more keys than documents, no sorting in memory.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from itertools import cycle
from typing import Any

import pytest

from cronpp_app.clock import utc_now
from cronpp_app.domain.jobs import Overlap
from cronpp_app.domain.leases import LeaseTerms
from cronpp_app.domain.runs import RunStatus
from cronpp_app.store.attempts import AttemptStore
from cronpp_app.store.database import Database
from cronpp_app.store.documents import job_document
from cronpp_app.store.due import Advance, DueJobStore
from cronpp_app.store.queue import queue_of_jobs, queue_of_runs
from cronpp_app.store.run_documents import run_document, run_from
from cronpp_app.store.runs import RunStore
from cronpp_app.store.seats import Seats
from cronpp_app.store.summaries import Ending
from tests.factories import make_job, make_run
from tests.store.conftest import CostOf

FUTURE, DUE, DAY = 2_000, 20, timedelta(days=1)
LEASE = LeaseTerms().length
DUE_IDS = [f"due-{n}" for n in range(DUE)]
DUE_JOB_IDS = [f"job-{n}" for n in range(DUE)]


@pytest.fixture
def database_name(new_database_name: str) -> str:
    """MongoDB remembers which plan suited documents that other tests stored."""
    return new_database_name


@pytest.fixture
async def database(database: Database) -> Database:
    """The database, with jobs and runs that are due now, later, and never again."""
    now = utc_now()
    jobs = [
        make_job(id=f"job-{n}", next_run_time=now + (DAY if n >= DUE else -DAY))
        for n in range(FUTURE)
    ]
    due = [make_run(jobs[n], id=name, wake_at=now - DAY) for n, name in enumerate(DUE_IDS)]
    later = [make_run(jobs[n], id=f"later-{n}", wake_at=now + DAY) for n in range(FUTURE)]
    done = [
        make_run(jobs[n], id=f"done-{n}", wake_at=None, status=RunStatus.SUCCESS)
        for n in range(FUTURE)
    ]
    await database.jobs.insert_many([job_document(job) for job in jobs])
    await database.runs.insert_many([run_document(run) for run in (*due, *later, *done)])
    return database


def _claim(database: Database) -> Awaitable[Any]:
    runs = RunStore(database, retention=DAY)
    return runs.claim(
        DUE_IDS, claim_id="c1", worker_id="w1", lease=LEASE, ahead=timedelta(seconds=1)
    )


async def _claimed(database: Database) -> list[Any]:
    await _claim(database)
    found = database.runs.find({"_id": {"$in": DUE_IDS}})
    return [run_from(document) async for document in found]


async def _renew(database: Database) -> None:
    await _claim(database)
    runs = RunStore(database, retention=DAY)
    await runs.renew(dict.fromkeys(DUE_IDS, "c1"), lease=LEASE)


async def _take_over(database: Database) -> None:
    attempts = AttemptStore(database, retention=DAY)
    runs = await _claimed(database)
    await attempts.open_all(runs, now=utc_now())
    await attempts.take_over(runs)


async def _finish(database: Database) -> None:
    run = replace(make_run(overlap=Overlap.QUEUE), id=DUE_IDS[0], claim_id="c1")
    outcome = {"status": "SUCCESS", "finished_at": utc_now()}
    await RunStore(database, retention=DAY).finish([(run, outcome)])


async def _take_seats(database: Database) -> None:
    runs = await _claimed(database)
    blocked = await Seats(database).take([replace(run, overlap=Overlap.SKIP) for run in runs])
    assert not blocked


async def _advance(database: Database) -> None:
    jobs = (await DueJobStore(database).due(DUE_JOB_IDS, until=utc_now())).jobs
    moves = [
        Advance(job_id=job.id, version=1, due=job.next_run_time or utc_now(), upcoming=upcoming)
        for job, upcoming in zip(jobs, cycle([utc_now() + DAY, None]), strict=False)
    ]
    await DueJobStore(database).advance(moves)


async def _note_endings(database: Database) -> None:
    endings = [
        Ending(
            run=run,
            status=status,
            finished_at=utc_now(),
            duration_ms=7,
            error=None,
        )
        for run, status in zip(
            await _claimed(database), cycle([RunStatus.SUCCESS, RunStatus.RETRYING]), strict=False
        )
    ]
    await DueJobStore(database).note_endings(endings)


READS: dict[str, Callable[[Database], Awaitable[Any]]] = {
    "which jobs are due": lambda d: queue_of_jobs(d).peek(until=utc_now(), limit=DUE),
    "due jobs by user": lambda d: queue_of_jobs(d).peek_by_user(
        until=utc_now(), reach=DUE, of_user=5
    ),
    "due jobs": lambda d: DueJobStore(d).due(DUE_JOB_IDS, until=utc_now()),
    "how jobs stand": lambda d: DueJobStore(d).standing([f"job-{n}" for n in range(DUE)]),
    "due runs": lambda d: queue_of_runs(d).peek(until=utc_now(), limit=DUE),
    "due runs by user": lambda d: queue_of_runs(d).peek_by_user(
        until=utc_now(), reach=DUE, of_user=5
    ),
    "newest due runs by user": lambda d: queue_of_runs(d).peek_by_user(
        until=utc_now(), reach=DUE, of_user=5, newest_first=True
    ),
    "claiming": _claim,
    "renewing": _renew,
    "advancing jobs": _advance,
    "taking seats": _take_seats,
    "who has a seat": lambda d: Seats(d).holder("job-1"),
    "noting the ends of runs": _note_endings,
    "waking who waits for a seat": _finish,
    "taking over logs": _take_over,
    "cancelling a job's runs": lambda d: RunStore(d, retention=DAY).cancel_waiting(
        "job-1", reason="paused", now=utc_now()
    ),
}
# How many documents each document returned stands for.
GROUPED = dict.fromkeys(("due jobs by user", "due runs by user", "newest due runs by user"), DUE)
COVERED = {
    "which jobs are due",
    "due runs",
    *GROUPED,
}


@pytest.mark.parametrize("name", READS)
async def test_a_query_of_the_engine_reads_what_it_needs_and_no_more(
    name: str, database: Database, cost_of: CostOf
) -> None:
    costs = await cost_of(READS[name](database))
    assert costs
    for cost in costs:
        assert "COLLSCAN" not in cost["planSummary"], cost
        assert not cost.get("hasSortStage"), cost
        used = max(cost.get("nreturned", 0), cost.get("nMatched", 0), GROUPED.get(name, 1))
        assert cost.get("keysExamined", 0) <= 2 * used + 1, cost
        if name in COVERED:
            assert cost.get("docsExamined", 0) == 0, cost
