"""How long the check of the ledger takes: `python -m bench.check --runs 1000000`.

Fills a scratch database with finished runs of a thousand jobs, each with its record, and
checks it three times.
"""

import argparse
import asyncio
import time
from datetime import timedelta
from typing import Any

from bench.stage import stage
from cronpp_app.clock import utc_now
from cronpp_app.domain.fires import scheduled_run
from cronpp_app.domain.jobs import Job, JobDefinition, JobStatus, LogAction
from cronpp_app.domain.schedules import IntervalSchedule
from cronpp_app.store.attempts import log_id
from cronpp_app.store.database import Database, connect
from cronpp_app.store.documents import job_document
from cronpp_app.store.indexes import ensure_indexes
from cronpp_app.store.integrity import violations
from cronpp_app.store.run_documents import run_document

JOBS = 1_000
STEP = timedelta(minutes=1)


def _job(number: int, runs: int) -> Job:
    now = utc_now().replace(second=0, microsecond=0)
    start = now - (runs - 1) * STEP
    return Job(
        id=f"{number:024x}",
        user_id="ada",
        version=1,
        definition=JobDefinition(
            name=f"Job {number}",
            schedule=IntervalSchedule(every=STEP, start_at=start),
            action=LogAction(message="hello"),
        ),
        status=JobStatus.PENDING,
        enabled=True,
        created_at=start,
        updated_at=start,
        next_run_time=now + STEP,
    )


def _ledger_of(job: Job, runs: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the documents of the runs of `job` and of their records."""
    done, records = [], []
    for number in range(runs):
        fire = job.created_at + number * STEP
        run = dict(run_document(scheduled_run(job, fire_time=fire, now=fire)))
        del run["wake_at"]
        ended = {"finished_at": fire, "expire_at": utc_now() + timedelta(days=30)}
        times = {"started_at": fire, "duration_ms": 12, **ended}
        done.append({**run, "status": "SUCCESS", "attempt_count": 1, "lateness_ms": 3, **times})
        names = {"run_id": run["_id"], "job_id": job.id, "user_id": "ada", "number": 1}
        records.append(
            {"_id": log_id(run["_id"], 1), "worker_id": "w", "status": "SUCCESS", **names, **times}
        )
    return done, records


async def fill(database: Database, runs: int) -> None:
    """Store `runs` finished runs, their records and jobs."""
    each = runs // JOBS
    await ensure_indexes(database)
    for number in range(JOBS):
        job = _job(number, each)
        done, records = _ledger_of(job, each)
        await database.runs.insert_many(done, ordered=False)
        await database.logs.insert_many(records, ordered=False)
        await database.jobs.insert_one(job_document(job))


async def measure(uri: str, name: str, runs: int) -> None:
    """Fill a database and print how long each check took."""
    database = connect(uri, name)
    await fill(database, runs)
    for _ in range(3):
        began = time.perf_counter()
        found = [violation async for violation in violations(database)]
        print(f"{runs:,} runs: {time.perf_counter() - began:.2f} s, {len(found)} violations")
    await database.client.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000_000)
    arguments = parser.parse_args()
    with stage() as scene, scene.scratch_database() as name:
        asyncio.run(measure(scene.uri, name, arguments.runs))
