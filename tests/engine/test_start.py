"""Starting: not early, not unwanted, not beside another run that must be alone."""

import asyncio
from datetime import timedelta

import pytest
from pymongo.errors import AutoReconnect

from cronpp_app.clock import utc_now
from cronpp_app.domain.backoff import RetryPolicy
from cronpp_app.domain.jobs import Job, LogAction, Overlap
from cronpp_app.domain.runs import RunStatus, Trigger
from cronpp_app.engine.runtime import Duties
from cronpp_app.services.runs import ReplayQuery
from tests.engine.conftest import Bench, failure
from tests.factories import make_user


async def test_a_run_claimed_ahead_waits_for_its_time(bench: Bench) -> None:
    await bench.add_job(due_ago=-0.4)
    worker = await bench.worker()
    await worker.firing.step()
    await worker.claiming.step()
    assert await worker.starting.step() is False
    assert 0 < worker.starting.seconds_until_due() <= 0.4
    assert bench.target.calls == []


async def test_a_worker_whose_clock_runs_ahead_starts_nothing_early(bench: Bench) -> None:
    job = await bench.add_job(due_ago=-0.9)
    worker = await bench.worker()
    worker.upkeep._clock._epoch += timedelta(seconds=0.6)
    await worker.firing.step()
    await worker.claiming.step()
    worker.upkeep._clock._epoch += timedelta(hours=1)
    await worker.starting.step()
    assert bench.target.calls == []
    assert (await bench.run(job)).status is RunStatus.RUNNING


async def test_a_claim_that_waits_on_is_kept_when_the_check_of_others_fails(bench: Bench) -> None:
    """Let go but still waiting, it would later start with a slot that nobody gives back."""
    await bench.add_job()
    early = await bench.add_job(due_ago=-0.9)
    worker = await bench.worker()
    worker.upkeep._clock._epoch += timedelta(seconds=0.6)
    await worker.firing.step()
    await worker.claiming.step()
    worker.upkeep._clock._epoch += timedelta(hours=1)
    open_all = worker.starting._stores.attempts.open_all

    async def fail(*_: object, **__: object) -> set[str]:
        raise AutoReconnect("the primary is gone")

    worker.starting._stores.attempts.open_all = fail
    with pytest.raises(AutoReconnect):
        await worker.starting.step()
    worker.starting._stores.attempts.open_all = open_all
    held = worker.claiming._held
    assert list(held.tokens()) == [(await bench.run(early)).id]
    assert held.busy == 0


@pytest.mark.parametrize("claims_first", [False, True])
async def test_a_run_skipped_for_overlap_names_the_run_in_the_way(
    bench: Bench, claims_first: bool
) -> None:
    job = await bench.add_job()
    bench.target.hold = asyncio.Event()
    worker = await bench.worker(claims_first=claims_first)
    for _ in range(2):
        await _fire_again(bench, worker, job)
        await bench.begin(worker)
    first, skipped = await bench.runs(job)
    assert first.id in skipped.reason
    assert (skipped.attempt_count, await bench.log(job)) == (0, await bench.log(job))
    assert {attempt.run_id for attempt in await bench.log(job)} == {first.id}
    bench.target.hold.set()
    await bench.settle(worker)


async def test_of_many_runs_of_a_job_started_by_many_workers_one_at_a_time_runs(
    bench: Bench,
) -> None:
    job = await bench.add_job()
    bench.target.hold = asyncio.Event()
    workers = [await bench.worker(slots=5) for _ in range(4)]
    for _ in range(4):
        await _fire_again(bench, workers[0], job)
    while any(run.status is RunStatus.PENDING for run in await bench.runs(job)):
        await asyncio.gather(*(bench.begin(worker) for worker in workers))
    statuses = sorted(run.status for run in await bench.runs(job))
    assert statuses == ["RUNNING", "SKIPPED", "SKIPPED", "SKIPPED"]
    bench.target.hold.set()
    for worker in workers:
        await bench.settle(worker)


async def test_a_queued_run_starts_when_the_one_before_it_is_done(bench: Bench) -> None:
    job = await bench.add_job(overlap=Overlap.QUEUE)
    bench.target.hold = asyncio.Event()
    worker = await bench.worker()
    for _ in range(2):
        await _fire_again(bench, worker, job)
        await bench.begin(worker)
    assert len(bench.target.calls) == 1
    bench.target.hold.set()
    await bench.settle(worker)
    await bench.begin(worker)
    await bench.settle(worker)
    assert [run.status for run in await bench.runs(job)] == [RunStatus.SUCCESS] * 2
    assert {run.attempt_count for run in await bench.runs(job)} == {1}


async def test_replays_of_a_job_that_forbids_overlap_follow_one_after_the_other(
    bench: Bench,
) -> None:
    job = await bench.add_job(retry=RetryPolicy(max_retries=0), due_ago=-30)
    worker, ada = await bench.worker(), make_user(id="ada")
    bench.target.answers = [failure() for _ in range(3)]
    for _ in range(3):
        await bench.services.jobs.run_now(ada, job.id)
        await bench.begin(worker)
        await bench.settle(worker)
    count = await bench.services.runs.replay_all(ada, ReplayQuery())
    assert (count.matched, count.changed) == (3, 3)
    for _ in range(3):
        await bench.make_due(job)
        await bench.begin(worker)
        await bench.settle(worker)
    replays = [run for run in await bench.runs(job) if run.trigger is Trigger.REPLAY]
    assert [(run.status, run.attempt_count) for run in replays] == [(RunStatus.SUCCESS, 1)] * 3


async def test_a_run_fired_ahead_of_an_edit_does_what_the_job_now_says(bench: Bench) -> None:
    job = await _claimed_ahead_then_edited(bench, {"action.message": "edited"})
    run = await bench.run(job)
    assert (run.action, run.job_version) == (LogAction(message="edited"), 2)


async def test_a_run_that_an_edit_takes_off_the_schedule_is_cancelled(bench: Bench) -> None:
    elsewhere = {"schedule.start_at": utc_now() + timedelta(minutes=17)}
    job = await _claimed_ahead_then_edited(bench, elsewhere)
    run = await bench.run(job)
    assert run.status is RunStatus.CANCELLED
    assert "no longer names this time" in run.reason
    assert bench.target.calls == []


async def test_a_stopping_worker_gives_back_what_it_claimed_ahead(bench: Bench) -> None:
    job = await bench.add_job(due_ago=-0.5)
    worker, other = await bench.worker(), await bench.worker()
    await worker.firing.step()
    await worker.claiming.step()
    await worker.starting.give_back()
    run = await bench.run(job)
    assert (run.status, run.attempt_count, run.wake_at) == (
        RunStatus.PENDING,
        0,
        job.next_run_time,
    )
    await bench.make_due(job)
    await bench.work_once(other)
    assert (await bench.run(job)).status is RunStatus.SUCCESS


async def _fire_again(bench: Bench, worker: Duties, job: Job) -> None:
    """Let the job be due now, and fire it."""
    await bench.database.jobs.update_one(
        {"_id": job.id}, {"$set": {"next_run_time": utc_now() - timedelta(milliseconds=1)}}
    )
    await worker.firing.step()


async def _claimed_ahead_then_edited(bench: Bench, changes: dict) -> Job:
    job = await bench.add_job(due_ago=-0.3)
    worker = await bench.worker()
    await worker.firing.step()
    await worker.claiming.step()
    edit = {"version": 2, "updated_at": job.next_run_time - timedelta(milliseconds=100), **changes}
    await bench.database.jobs.update_one({"_id": job.id}, {"$set": edit})
    await worker.starting.bell.wait(at_most_seconds=0)
    await asyncio.sleep(worker.starting.seconds_until_due() + 0.01)  # its time must come
    await worker.starting.step()
    await bench.settle(worker)
    return job
