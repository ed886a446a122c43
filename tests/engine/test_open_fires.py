"""A job that is changed at the very moment it is due: no fire time goes without a run or a row."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from cronpp_app.clock import utc_now
from cronpp_app.domain.fires import scheduled_run
from cronpp_app.domain.jobs import CatchUp, Job, MisfirePolicy
from cronpp_app.domain.runs import RunStatus
from cronpp_app.domain.schedules import IntervalSchedule, OnceSchedule
from cronpp_app.services.bulk import BulkOperation
from tests.engine.conftest import Bench
from tests.factories import make_user

ADA = make_user(id="ada")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


async def _pause(bench: Bench, job: Job) -> None:
    await bench.services.jobs.pause(ADA, job.id)


async def _delete(bench: Bench, job: Job) -> None:
    await bench.services.jobs.delete(ADA, job.id)


async def _edit(bench: Bench, job: Job) -> None:
    elsewhere = IntervalSchedule(every=HOUR, start_at=utc_now() + timedelta(minutes=7))
    await bench.services.jobs.edit(ADA, job.id, replace(job.definition, schedule=elsewhere))


async def _pause_many(bench: Bench, job: Job) -> None:
    await bench.services.bulk_jobs.of_ids(ADA, [job.id], BulkOperation.PAUSE)


async def _delete_many(bench: Bench, job: Job) -> None:
    await bench.services.bulk_jobs.of_ids(ADA, [job.id], BulkOperation.DELETE)


CHANGES = {
    "paused": _pause,
    "deleted": _delete,
    "changed": _edit,
    "paused ": _pause_many,
    "deleted ": _delete_many,
}
Change = Callable[[Bench, Job], Awaitable[None]]


@pytest.mark.parametrize("word", CHANGES)
async def test_a_time_that_no_worker_had_noticed_gets_a_row_with_the_reason(
    word: str, bench: Bench
) -> None:
    job = await bench.add_job(due_ago=0.5)
    await CHANGES[word](bench, job)
    row = await bench.run(job)
    assert (row.status, row.fire_time) == (RunStatus.SKIPPED, job.next_run_time)
    assert f"was {word.strip()} before a worker noticed this time" in row.reason


@pytest.mark.parametrize("word", CHANGES)
async def test_many_such_times_are_told_by_one_row(word: str, bench: Bench) -> None:
    start = utc_now() - timedelta(seconds=90.5)
    every_second = IntervalSchedule(every=timedelta(seconds=1), start_at=start)
    job = await bench.add_job(due_ago=90.5, schedule=every_second)
    await bench.database.jobs.update_one({"_id": job.id}, {"$set": {"next_run_time": start}})
    await CHANGES[word](bench, job)
    row = await bench.run(job)
    assert row.fire_count >= 91
    assert row.last_fire_time == start + timedelta(seconds=row.fire_count - 1)


@pytest.mark.parametrize("word", CHANGES)
async def test_a_time_that_a_worker_had_made_a_run_of_gets_no_row(word: str, bench: Bench) -> None:
    job = await bench.add_job(due_ago=0.5)
    worker = await bench.worker()
    fired = scheduled_run(job, fire_time=job.next_run_time, now=utc_now())
    await worker.firing._runs.add([fired])  # inserted, and not advanced yet
    await CHANGES[word](bench, job)
    assert (await bench.run(job)).id == fired.id


@pytest.mark.parametrize("word", ["paused", "deleted", "changed"])
async def test_a_worker_that_fires_the_same_moment_makes_nothing_twice(
    word: str, bench: Bench
) -> None:
    job = await bench.add_job(due_ago=0.5)
    worker = await bench.worker()
    insert = worker.firing._runs.add

    async def insert_after_the_change(runs) -> None:
        await CHANGES[word](bench, job)
        await insert(runs)

    worker.firing._runs.add = insert_after_the_change
    await worker.firing.step()
    assert len(await bench.runs(job)) == 1


async def test_the_last_fire_time_at_the_very_end_of_a_schedule_gets_its_run(bench: Bench) -> None:
    start = utc_now() - timedelta(seconds=0.5)
    until_now = IntervalSchedule(every=HOUR, start_at=start, end_at=start)
    job = await bench.add_job(due_ago=0.5, schedule=until_now)
    await bench.database.jobs.update_one({"_id": job.id}, {"$set": {"next_run_time": start}})
    await bench.work_once(await bench.worker())
    assert (await bench.run(job)).status is RunStatus.SUCCESS
    assert (await bench.job(job))["status"] == "SUCCESS"


async def test_a_one_off_runs_within_its_grace_and_not_twice(bench: Bench) -> None:
    run_at = utc_now() - timedelta(seconds=50)
    strict = MisfirePolicy(policy=CatchUp.SKIP, grace=MINUTE)
    job = await bench.add_job(schedule=OnceSchedule(run_at=run_at), misfire=strict)
    worker = await bench.worker()
    await bench.work_once(worker)
    await bench.work_once(worker)
    assert (await bench.run(job)).status is RunStatus.SUCCESS


async def test_resuming_catches_nothing_up_even_within_the_grace_and_says_how_much_it_skips(
    bench: Bench,
) -> None:
    job = await bench.add_job(due_ago=-1800)
    await bench.services.jobs.pause(ADA, job.id)
    a_while_ago = utc_now() - timedelta(minutes=12, seconds=0.5)
    every_minute = IntervalSchedule(every=MINUTE, start_at=a_while_ago)
    await bench.services.jobs.edit(ADA, job.id, replace(job.definition, schedule=every_minute))
    await bench.database.jobs.update_one({"_id": job.id}, {"$set": {"paused_at": a_while_ago}})
    before = await bench.services.jobs.before_resuming(ADA, job.id)
    resumed = await bench.services.jobs.resume(ADA, job.id)
    assert before.skipped == resumed.skipped == 12
    assert before.next_run_time == resumed.next_run_time == resumed.job.next_run_time
    await (await bench.worker()).firing.step()
    assert await bench.runs(job) == []


async def test_a_crash_after_the_row_of_a_downtime_does_not_tell_it_twice(bench: Bench) -> None:
    start = utc_now() - timedelta(hours=2)
    every_minute = IntervalSchedule(every=MINUTE, start_at=start)
    job = await bench.add_job(due_ago=7199.9, schedule=every_minute)
    due = start
    await bench.database.jobs.update_one({"_id": job.id}, {"$set": {"next_run_time": due}})
    worker = await bench.worker()
    worker.firing._clock._epoch -= timedelta(minutes=30)
    await worker.firing.step()
    told = await bench.runs(job)
    await bench.database.jobs.update_one({"_id": job.id}, {"$set": {"next_run_time": due}})
    await (await bench.worker()).firing.step()  # it had died before the advance
    rows = [run for run in await bench.runs(job) if run.fire_count > 1]
    assert len(rows) == 2
    assert rows[1].fire_time == max(run.fire_time for run in told) + MINUTE


async def test_a_worker_says_what_a_downtime_came_to(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    start = utc_now() - timedelta(hours=1)
    all_of_them = MisfirePolicy(policy=CatchUp.ALL, max_runs=5)
    every_minute = IntervalSchedule(every=MINUTE, start_at=start)
    await bench.add_job(due_ago=3600, schedule=every_minute, misfire=all_of_them)
    with caplog.at_level(logging.INFO, logger="cronpp.worker"):
        await (await bench.worker()).firing.step()
    (line,) = [r for r in caplog.records if r.message == "fire times were noticed late"]
    assert (line.misfire_policy, line.caught_up) == ("all", 5)
    assert line.skipped == sum(run.fire_count for run in await bench.runs() if run.reason)
