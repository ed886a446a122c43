"""A run that kills its worker processes, truly: it is given up, its job stops, others go on."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from cronpp_app.clock import utc_now
from cronpp_app.domain.jobs import HttpAction, Job
from cronpp_app.domain.schedules import IntervalSchedule
from cronpp_app.store.database import Database
from cronpp_app.store.documents import job_document
from cronpp_app.store.integrity import violations
from tests.cluster.harness import Target, WorkerProcess, spread_jobs

AT_MOST_SECONDS = 60


async def test_a_run_that_kills_three_workers_is_given_up_and_others_go_on(
    mongodb_uri: str, database_name: str, database: Database, tmp_path: Path
) -> None:
    log = tmp_path / "workers.log"
    async with _target(delay_seconds=600) as deadly, _target(delay_seconds=0) as healthy:
        start = utc_now() + timedelta(seconds=1.5)
        ada = _every(timedelta(hours=1), "ada", deadly.url, start)
        # His runs that die beside hers come back later than hers, and not once more beside it.
        bob = _every(timedelta(seconds=1), "bob", healthy.url, start, first_wait=7)
        # The run before took three workers down as well, or this test would have to kill six.
        before = {"id": "before", "status": "FAILED", "fire_time": start, "poisoned": 1}
        await database.jobs.insert_one({**job_document(ada), "last_run": before})
        await database.jobs.insert_one(job_document(bob))
        workers = [WorkerProcess(mongodb_uri, database_name, log) for _ in range(2)]
        try:
            async with asyncio.timeout(AT_MOST_SECONDS):
                for kill in range(3):
                    await deadly.received(kill + 1)
                    workers.append(WorkerProcess(mongodb_uri, database_name, log))
                    await _kill_the_one_that_calls(database, ada, workers)
                await _until(database, lambda: _is_paused(database, ada))
                calls = len(healthy.calls)
                await healthy.received(calls + 2)
        finally:
            for worker in workers:
                if worker.process.poll() is None:
                    worker.kill()

    run = await database.runs.find_one({"job_id": ada.id})
    assert (run["status"], run["reason"], run["attempt_count"]) == ("FAILED", "poison", 3)
    assert [call.marked for call in deadly.calls] == [False, True, True]
    assert len({call.key for call in deadly.calls}) == 1
    attempts = [record["status"] async for record in database.logs.find({"job_id": ada.id})]
    assert attempts == ["LOST"] * 3
    paused = await database.jobs.find_one({"_id": ada.id})
    assert "were given up" in paused["paused_reason"]
    assert "next_run_time" not in paused
    assert await database.runs.find_one({"job_id": bob.id, "status": "FAILED"}) is None
    assert (await database.jobs.find_one({"_id": bob.id}))["enabled"]
    assert [violation async for violation in violations(database)] == []


@contextlib.asynccontextmanager
async def _target(*, delay_seconds: float) -> AsyncIterator[Target]:
    target = Target(delay_seconds=delay_seconds)
    await target.start()
    try:
        yield target
    finally:
        await target.stop()


def _every(
    every: timedelta, user_id: str, url: str, start: datetime, *, first_wait: int = 1
) -> Job:
    action = HttpAction(method="POST", url=url, body="{}", timeout=timedelta(minutes=10))
    (job,) = spread_jobs(action, count=1, start_at=start, over=timedelta(), lasting=timedelta())
    definition = replace(
        job.definition,
        schedule=IntervalSchedule(every=every, start_at=start),
        retry=replace(job.definition.retry, base=timedelta(seconds=first_wait)),
    )
    return replace(job, user_id=user_id, definition=definition)


async def _kill_the_one_that_calls(
    database: Database, job: Job, workers: list[WorkerProcess]
) -> None:
    """Pull the plug on the worker of the job's run, and let its leases be over at once."""
    run = await database.runs.find_one({"job_id": job.id, "status": "RUNNING"})
    pid = int(run["worker_id"].split("-")[-2])
    (doomed,) = [worker for worker in workers if worker.process.pid == pid]
    doomed.kill()
    await database.runs.update_many(
        {"worker_id": run["worker_id"], "status": "RUNNING"}, {"$set": {"wake_at": utc_now()}}
    )


async def _is_paused(database: Database, job: Job) -> bool:
    found = await database.jobs.find_one({"_id": job.id})
    return found is not None and found["status"] == "PAUSED"


async def _until(database: Database, condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for what happens in the database until `condition` holds."""
    async with await database.raw.watch(max_await_time_ms=500) as changes:
        while not await condition():
            await changes.try_next()
