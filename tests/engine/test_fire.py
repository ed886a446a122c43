"""Firing: every fire time becomes one run, or a row that says why not."""

import asyncio
from datetime import timedelta

import pytest
from pymongo import WriteConcern
from pymongo.errors import AutoReconnect, BulkWriteError

from cronpp_app.clock import utc_now
from cronpp_app.domain.fires import scheduled_run
from cronpp_app.domain.jobs import CatchUp, MisfirePolicy
from cronpp_app.domain.runs import RunStatus
from cronpp_app.domain.schedules import IntervalSchedule, OnceSchedule
from tests.engine.conftest import Bench, seconds_from_now


async def test_a_due_job_gets_a_run_and_moves_on_to_its_next_fire_time(bench: Bench) -> None:
    job = await bench.add_job()
    await (await bench.worker()).firing.step()
    run = await bench.run(job)
    assert (run.status, run.fire_time) == (RunStatus.PENDING, job.next_run_time)
    assert (await bench.job(job))["next_run_time"] == job.next_run_time + timedelta(hours=1)


async def test_a_job_that_is_not_due_is_left_alone(bench: Bench) -> None:
    job = await bench.add_job(due_ago=-60)
    assert await (await bench.worker()).firing.step() is False
    assert await bench.runs(job) == []


async def test_many_workers_firing_the_same_job_make_one_run(bench: Bench) -> None:
    job = await bench.add_job()
    workers = [await bench.worker() for _ in range(5)]
    await asyncio.gather(*(worker.firing.step() for worker in workers))
    assert len(await bench.runs(job)) == 1


async def test_a_crash_between_insert_and_advance_repeats_harmlessly(bench: Bench) -> None:
    job = await bench.add_job()
    worker = await bench.worker()
    fired = scheduled_run(job, fire_time=job.next_run_time, now=utc_now())
    await worker.firing._runs.add([fired])  # and then the worker dies
    await worker.firing.step()
    assert len(await bench.runs(job)) == 1
    assert (await bench.job(job))["next_run_time"] > utc_now()


async def test_after_a_downtime_the_latest_fire_time_runs_and_one_row_tells_of_the_rest(
    bench: Bench,
) -> None:
    start = utc_now() - timedelta(days=1)
    every_minute = IntervalSchedule(every=timedelta(minutes=1), start_at=start)
    patient = MisfirePolicy(policy=CatchUp.LATEST, grace=timedelta(seconds=1))
    job = await bench.add_job(due_ago=86_370, schedule=every_minute, misfire=patient)
    await (await bench.worker()).firing.step()
    gap, run = await bench.runs(job)
    assert (gap.status, run.status) == (RunStatus.SKIPPED, RunStatus.PENDING)
    assert gap.fire_count > 1400
    assert gap.last_fire_time < run.fire_time
    assert "misfire policy is latest" in gap.reason


async def test_a_one_off_that_is_skipped_for_being_late_is_given_up(bench: Bench) -> None:
    run_at = utc_now() - timedelta(hours=1)
    strict = MisfirePolicy(policy=CatchUp.SKIP)
    job = await bench.add_job(schedule=OnceSchedule(run_at=run_at), misfire=strict)
    await (await bench.worker()).firing.step()
    assert (await bench.run(job)).status is RunStatus.SKIPPED
    assert (await bench.job(job))["status"] == "FAILED"


async def test_a_damaged_job_is_set_aside_with_a_reason_and_blocks_nobody(bench: Bench) -> None:
    damaged, healthy = await bench.add_job(due_ago=2), await bench.add_job(due_ago=1)
    await bench.database.jobs.update_one({"_id": damaged.id}, {"$set": {"schedule.kind": "moon"}})
    await (await bench.worker()).firing.step()
    assert len(await bench.runs(healthy)) == 1
    document = await bench.job(damaged)
    assert document["status"] == "PAUSED"
    assert "moon" in document["paused_reason"]


async def test_fire_times_of_the_coming_second_are_fired_ahead(bench: Bench) -> None:
    job = await bench.add_job(due_ago=-0.3)
    await (await bench.worker()).firing.step()
    run = await bench.run(job)
    assert (run.status, run.wake_at) == (RunStatus.PENDING, job.next_run_time)


async def test_an_edit_made_while_firing_has_the_last_word(bench: Bench) -> None:
    job = await bench.add_job()
    worker = await bench.worker()
    insert = worker.firing._runs.add

    async def insert_during_an_edit(runs) -> None:
        await insert(runs)
        await bench.database.jobs.update_one({"_id": job.id}, {"$set": {"version": 2}})

    worker.firing._runs.add = insert_during_an_edit
    await worker.firing.step()
    assert (await bench.job(job))["next_run_time"] == job.next_run_time
    worker.firing._runs.add = insert
    await worker.firing.step()
    assert (await bench.job(job))["next_run_time"] > utc_now()
    assert len(await bench.runs(job)) == 1


async def test_a_run_held_from_birth_has_a_whole_lease_however_long_the_look_took(
    bench: Bench,
) -> None:
    """Its worker trusts it for a lease from the insert on; another must not reap it before."""
    job = await bench.add_job()
    worker = await bench.worker(claims_first=True)
    due, now = worker.firing._jobs.due, worker.firing._clock.now

    async def take_ten_seconds(job_ids, *, until):
        found = await due(job_ids, until=until)
        worker.firing._clock.now = lambda: now() + timedelta(seconds=10)
        return found

    worker.firing._jobs.due = take_ten_seconds
    await worker.firing.step()
    assert seconds_from_now((await bench.run(job)).wake_at) > 20


async def test_runs_that_no_majority_has_confirmed_do_not_move_their_job_on(bench: Bench) -> None:
    """A new primary may not have them; the fire time would be lost with the old one."""
    job = await bench.add_job()
    worker = await bench.worker()
    fired = scheduled_run(job, fire_time=job.next_run_time, now=utc_now())
    await worker.firing._runs.add([fired])  # another worker's, so that a duplicate key is met too
    unconfirmed = WriteConcern(w=3, wtimeout=1)  # of one member
    runs = bench.database.runs.with_options(write_concern=unconfirmed)
    worker.firing._runs._runs = runs
    with pytest.raises(BulkWriteError):
        await worker.firing.step()
    assert (await bench.job(job))["next_run_time"] == job.next_run_time


async def test_workers_that_notice_a_gap_at_different_moments_tell_one_gap(bench: Bench) -> None:
    """The first is held up before it inserts; by then another fire time is late as well."""
    start = utc_now() - timedelta(seconds=65)
    every_second = IntervalSchedule(every=timedelta(seconds=1), start_at=start)
    job = await bench.add_job(due_ago=65, schedule=every_second)
    first, second = await bench.worker(), await bench.worker()
    insert, now = first.firing._runs.add, second.firing._clock.now

    async def insert_after_the_other(runs):
        second.firing._clock.now = lambda: now() + timedelta(seconds=2)
        await second.firing.step()
        return await insert(runs)

    first.firing._runs.add = insert_after_the_other
    await first.firing.step()
    rows = await bench.runs(job)
    (gap,) = [row for row in rows if row.status is RunStatus.SKIPPED]
    assert [row for row in rows if row is not gap and row.fire_time <= gap.last_fire_time] == []


async def test_a_worker_that_was_frozen_before_it_inserts_leaves_the_job_to_others(
    bench: Bench,
) -> None:
    job = await bench.add_job()
    worker = await bench.worker()
    find, now = worker.firing._jobs.due, worker.firing._clock.now

    async def find_and_freeze(job_ids, *, until):
        found = await find(job_ids, until=until)
        worker.firing._clock.now = lambda: now() + timedelta(minutes=2)
        return found

    worker.firing._jobs.due = find_and_freeze
    await worker.firing.step()
    assert await bench.runs(job) == []
    assert (await bench.job(job))["next_run_time"] == job.next_run_time


async def test_a_database_that_fails_while_a_late_job_is_planned_does_not_pause_the_job(
    bench: Bench,
) -> None:
    start = utc_now() - timedelta(minutes=5)
    job = await bench.add_job(
        due_ago=300, schedule=IntervalSchedule(every=timedelta(seconds=10), start_at=start)
    )
    worker = await bench.worker()

    async def fail(*_, **__):
        raise AutoReconnect("connection closed")

    last_told, worker.firing._runs.last_told = worker.firing._runs.last_told, fail
    with pytest.raises(AutoReconnect):
        await worker.firing.step()
    assert (await bench.job(job))["enabled"] is True
    worker.firing._runs.last_told = last_told
    await worker.firing.step()
    assert len(await bench.runs(job)) > 1
