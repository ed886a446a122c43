"""Cancelling a run by hand, wherever it stands: a result that comes afterwards changes nothing."""

import asyncio
from datetime import timedelta

import pytest

from cronpp_app.domain.attempts import AttemptStatus
from cronpp_app.domain.jobs import Job, Overlap
from cronpp_app.domain.runs import RunStatus
from cronpp_app.engine.runtime import Duties
from cronpp_app.errors import Conflict
from tests.engine.conftest import OK, Bench, failure
from tests.engine.test_runtime import until, working
from tests.factories import make_user

ADA = make_user(id="ada")


async def test_a_running_run_is_broken_off_by_its_worker_and_ends_cancelled(bench: Bench) -> None:
    job, worker = await _running(bench)
    run = await bench.run(job)
    answered = await bench.services.runs.cancel(ADA, run.id)
    assert (answered.status, answered.reason) == (RunStatus.RUNNING, "Cancelled by hand.")
    await worker.renewing.step()
    assert worker.executing._tasks == set()
    await _reap(bench, worker)
    done, (attempt,) = await bench.run(job), await bench.log(job)
    assert (done.status, done.reason) == (RunStatus.CANCELLED, "Cancelled by hand.")
    assert (attempt.status, attempt.error) == (AttemptStatus.CANCELLED, None)
    assert attempt.finished_at is not None
    assert worker.claiming._held.busy == 0
    assert (await bench.job(job))["last_run"]["status"] == "CANCELLED"


async def test_a_worker_hears_of_it_at_once(bench: Bench) -> None:
    job = await bench.add_job()
    bench.target.hold = asyncio.Event()

    async def cancelled() -> bool:
        return (await bench.run(job)).status is RunStatus.CANCELLED

    async with working(await bench.worker()):
        async with asyncio.timeout(30):
            await bench.target.called.wait()
        async with asyncio.timeout(3):  # a renewal comes every 4 seconds
            await bench.services.runs.cancel(ADA, (await bench.run(job)).id)
            await until(cancelled, bench)


async def test_a_result_that_comes_after_the_cancel_is_a_note_and_changes_nothing(
    bench: Bench,
) -> None:
    job, worker = await _running(bench)
    await bench.services.runs.cancel(ADA, (await bench.run(job)).id)
    bench.target.hold.set()
    await bench.settle(worker)  # it had not heard of it, and reports a success
    await bench.make_due(job)
    await _reap(bench, worker)
    (attempt,) = await bench.log(job)
    assert (await bench.run(job)).status is RunStatus.CANCELLED
    assert attempt.status is AttemptStatus.CANCELLED
    assert "reported success" in attempt.stale_note


async def test_a_run_whose_worker_is_dead_ends_cancelled_when_its_lease_ends(bench: Bench) -> None:
    job, _dead = await _running(bench)
    await bench.services.runs.cancel(ADA, (await bench.run(job)).id)
    await bench.make_due(job)
    await _reap(bench, await bench.worker())
    run = await bench.run(job)
    assert (run.status, run.lost_count) == (RunStatus.CANCELLED, 0)
    assert len(bench.target.calls) == 1


async def test_the_next_run_of_the_job_waits_until_the_worker_has_let_go(bench: Bench) -> None:
    job, worker = await _running(bench)
    await bench.services.runs.cancel(ADA, (await bench.run(job)).id)
    await bench.services.jobs.run_now(ADA, job.id)
    await bench.begin(worker)
    first, second = await bench.runs(job)
    assert (first.status, second.status) == (RunStatus.RUNNING, RunStatus.SKIPPED)


async def test_a_run_claimed_ahead_of_its_time_is_cancelled_before_anything_is_sent(
    bench: Bench,
) -> None:
    job = await bench.add_job()
    worker = await bench.worker()
    await worker.firing.step()
    await worker.claiming.step()
    answered = await bench.services.runs.cancel(ADA, (await bench.run(job)).id)
    assert answered.status is RunStatus.CANCELLED
    await worker.starting.step()
    assert bench.target.calls == []
    assert worker.claiming._held.busy == 0
    (attempt,) = await bench.log(job)
    assert attempt.status is AttemptStatus.CANCELLED


async def test_an_attempt_that_has_ended_cannot_be_cancelled_any_more(bench: Bench) -> None:
    job, worker = await _running(bench)
    run = await bench.run(job)
    bench.target.hold.set()
    await worker.executing.drain(at_most_seconds=5, hurry=asyncio.Event())
    await worker.recording._attempts.close_all(worker.recording._ended)
    with pytest.raises(Conflict, match="has just ended"):
        await bench.services.runs.cancel(ADA, run.id)
    await worker.recording.step()
    with pytest.raises(Conflict, match="this is SUCCESS"):
        await bench.services.runs.cancel(ADA, run.id)


async def test_cancelling_twice_while_it_is_under_way_is_harmless(bench: Bench) -> None:
    job, worker = await _running(bench)
    run = await bench.run(job)
    for _ in range(2):
        assert (await bench.services.runs.cancel(ADA, run.id)).status is RunStatus.RUNNING
    await worker.renewing.step()
    await _reap(bench, worker)
    assert (await bench.run(job)).status is RunStatus.CANCELLED


async def test_cancelling_a_retrying_run_lets_the_queued_one_go_at_once(bench: Bench) -> None:
    job = await bench.add_job(overlap=Overlap.QUEUE)
    worker = await bench.worker()
    bench.target.answers = [failure(), OK]
    await bench.work_once(worker)
    await bench.services.jobs.run_now(ADA, job.id)
    await bench.begin(worker)
    first, second = await bench.runs(job)
    assert (first.status, second.status) == (RunStatus.RETRYING, RunStatus.PENDING)
    await bench.services.runs.cancel(ADA, first.id)
    await bench.begin(worker)
    await bench.settle(worker)
    assert [run.status for run in await bench.runs(job)] == [
        RunStatus.CANCELLED,
        RunStatus.SUCCESS,
    ]


async def _running(bench: Bench) -> tuple[Job, Duties]:
    """Return a job whose run is being performed by a worker, and hangs."""
    job = await bench.add_job()
    bench.target.hold = asyncio.Event()
    worker = await bench.worker()
    await worker.firing.step()
    await bench.begin(worker)
    async with asyncio.timeout(30):
        await bench.target.called.wait()
    return job, worker


async def _reap(bench: Bench, worker: Duties) -> None:
    """Let the worker claim what nobody holds and write what the log says of it."""
    worker.claiming._clock._epoch += timedelta(milliseconds=5)
    await worker.claiming.step()
    while not worker.recording.is_empty:
        await worker.recording.step()
