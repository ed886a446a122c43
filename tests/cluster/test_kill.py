"""Pull the plug on workers, again and again: nothing is lost, nothing is doubled unmarked."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from cronpp_app.clock import utc_now
from cronpp_app.store.database import Database
from cronpp_app.store.integrity import violations
from tests.cluster.harness import Target, WorkerProcess, add_jobs, wait_for_calm, wait_for_workers


@pytest.fixture
async def target() -> AsyncIterator[Target]:
    target = Target()
    await target.start()
    yield target
    await target.stop()


@contextlib.contextmanager
def workers(uri: str, name: str, log: Path, count: int):
    started = [WorkerProcess(uri, name, log) for _ in range(count)]
    try:
        yield started
    finally:
        for worker in started:
            if worker.process.poll() is None:
                worker.kill()


async def test_workers_killed_in_a_loop_lose_and_double_nothing(
    mongodb_uri: str, database_name: str, database: Database, target: Target, tmp_path: Path
) -> None:
    target.delay_seconds = 0.05  # some calls are always in flight when a worker dies
    start = utc_now() + timedelta(seconds=4)
    jobs = await add_jobs(
        database, target.url, count=30, start_at=start, lasting=timedelta(seconds=14)
    )
    chooser = random.Random(7)
    with workers(mongodb_uri, database_name, tmp_path / "workers.log", 3) as running:
        for _ in range(5):
            async with asyncio.timeout(60):
                await target.received(len(target.calls) + 40)
            victim = chooser.randrange(3)
            running[victim].kill()
            running[victim] = WorkerProcess(mongodb_uri, database_name, tmp_path / "workers.log")
        await wait_for_calm(database, at_most=90)
        await wait_for_workers(database, running, at_most=60)  # the last may still be starting
        assert {worker.stop() for worker in running} == {0}

    assert [violation async for violation in violations(database)] == []
    scheduled = {job.id: 0 for job in jobs}
    async for run in database.runs.find():
        scheduled[run["job_id"]] += 1
        assert run["status"] == "SUCCESS", run
    assert set(scheduled.values()) == {15}  # both ends of 14 seconds
    for calls in target.by_key().values():
        assert all(call.marked for call in calls[1:]), calls
    succeeded = {run["_id"] async for run in database.runs.find({"status": "SUCCESS"})}
    assert succeeded == set(target.by_key())


async def test_the_runs_of_a_killed_worker_are_taken_over_within_20_seconds(
    mongodb_uri: str, database_name: str, database: Database, target: Target, tmp_path: Path
) -> None:
    target.delay_seconds = 3
    await add_jobs(
        database,
        target.url,
        count=40,
        start_at=utc_now() + timedelta(seconds=4),
        lasting=timedelta(seconds=2),
    )
    with workers(mongodb_uri, database_name, tmp_path / "workers.log", 2) as (doomed, _survivor):
        async with asyncio.timeout(60):
            await target.received(40)
        doomed.kill()
        killed_at = utc_now()
        await wait_for_calm(database, at_most=60)
    taken_over = [log async for log in database.logs.find({"status": "LOST"})]
    assert all(log["finished_at"] - killed_at < timedelta(seconds=20) for log in taken_over)
    assert [violation async for violation in violations(database)] == []
    assert await database.runs.distinct("status") == ["SUCCESS"]


async def test_two_workers_share_the_work_and_leave_in_good_order(
    mongodb_uri: str, database_name: str, database: Database, target: Target, tmp_path: Path
) -> None:
    target.delay_seconds = 0.3
    with workers(mongodb_uri, database_name, tmp_path / "workers.log", 2) as running:
        await wait_for_workers(database, running, at_most=60)
        start = utc_now() + timedelta(seconds=2)
        await add_jobs(database, target.url, count=60, start_at=start, lasting=timedelta(seconds=6))
        await wait_for_calm(database, at_most=60)
        assert {worker.stop() for worker in running} == {0}
    assert len(await database.runs.distinct("worker_id")) == 2
    assert await database.workers.count_documents({}) == 0
    assert {call.attempt for call in target.calls} == {1}
