"""What the engine's looks cost in collections of many sizes: they should not notice.

    python -m bench.flat --sizes 10000 100000 1000000

Fills the jobs with such as are due in a year and the runs with finished ones, and times the
worker's questions with 200 due jobs and runs among them: medians of 200.
"""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from statistics import median
from typing import Any

import pymongo

from bench.idle import fill
from bench.stage import Stage, insert_jobs, stage, stored_job
from cronpp_app.clock import utc_now
from cronpp_app.domain.fires import manual_run
from cronpp_app.domain.jobs import LogAction
from cronpp_app.domain.schedules import CronSchedule
from cronpp_app.store.database import Database, connect
from cronpp_app.store.indexes import ensure_indexes
from cronpp_app.store.queue import queue_of_jobs, queue_of_runs
from cronpp_app.store.run_documents import run_document
from cronpp_app.store.runs import RunStore

DUE = 200
TIMES = 200
_PATIENCE_SECONDS = 1_800
DAY = timedelta(days=1)


async def _add_due(database: Database) -> list[str]:
    now = utc_now()
    schedule = CronSchedule(cron="0 0 1 1 *")
    jobs = [stored_job(n, schedule, LogAction(message="hi"), due=now) for n in range(DUE)]
    runs = [manual_run(job, run_id=f"run-{job.id}", now=now) for job in jobs]
    await insert_jobs(database, jobs)
    await database.runs.insert_many([run_document(run) for run in runs])
    return [run.id for run in runs]


async def _finish_runs(database: Database, count: int) -> None:
    """Copy the jobs into `count` finished runs, on the server."""
    stages: list[dict[str, Any]] = [
        {"$match": {"next_run_time": {"$gt": utc_now() + DAY}}},
        {"$limit": count},
        {
            "$project": {
                "job_id": "$_id",
                "user_id": 1,
                "status": "SUCCESS",
                "fire_time": "$created_at",
                "finished_at": "$created_at",
                "lateness_ms": {"$literal": 5},
                "expire_at": {"$add": ["$created_at", 86_400_000]},
            }
        },
        {"$merge": {"into": "runs"}},
    ]
    with pymongo.timeout(_PATIENCE_SECONDS):  # far more than any operation of a worker may take
        await (await database.jobs.aggregate(stages)).to_list()


async def _timed(ask: Callable[[], Awaitable[Any]]) -> float:
    took = []
    for _ in range(TIMES):
        started = time.perf_counter()
        await ask()
        took.append(1000 * (time.perf_counter() - started))
    return median(took)


async def measure(at: Stage, sizes: list[int]) -> None:
    """Print one row per size."""
    print(f"{'jobs and runs':>14} {'due jobs':>9} {'due runs':>9} {'claim':>9}   ms for {DUE}")
    for size in sizes:
        with at.scratch_database() as name:
            database = connect(at.uri, name)
            await ensure_indexes(database)
            await fill(database, size)
            await _finish_runs(database, size)
            run_ids = await _add_due(database)
            runs = RunStore(database, retention=DAY)
            jobs_due, runs_due = queue_of_jobs(database), queue_of_runs(database)

            async def claim(runs: RunStore = runs, run_ids: list[str] = run_ids) -> None:
                lease = timedelta(seconds=-1)  # so that the next claim finds them again
                await runs.claim(
                    run_ids, claim_id="c", worker_id="w", lease=lease, ahead=timedelta(0)
                )

            row = [
                await _timed(lambda queue=queue: queue.peek(until=utc_now(), limit=DUE))  # type: ignore[misc]
                for queue in (jobs_due, runs_due)
            ]
            row.append(await _timed(claim))
            print(f"{size:>14,} " + " ".join(f"{value:9.2f}" for value in row), flush=True)
            await database.client.close()


def main() -> None:
    """Parse the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    options = parser.parse_args()
    with stage() as at:
        asyncio.run(measure(at, options.sizes))


if __name__ == "__main__":
    main()
