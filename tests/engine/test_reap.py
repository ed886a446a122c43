"""Reaping: a worker that dies at any point loses nothing and doubles nothing unmarked."""

import asyncio
from datetime import timedelta

from cronpp_app.clock import utc_now
from cronpp_app.domain.attempts import AttemptStatus, ErrorKind
from cronpp_app.domain.jobs import Job
from cronpp_app.domain.runs import RunStatus
from tests.engine.conftest import OK, Bench, failure


async def test_dead_after_sending_is_retried_marked_and_with_the_same_key(bench: Bench) -> None:
    job = await _claimed_by_a_worker_that_dies(bench)
    survivor = await bench.worker()
    await _reap(bench, survivor, job)
    run, (lost,) = await bench.run(job), await bench.log(job)
    assert (run.status, lost.status) == (RunStatus.RETRYING, AttemptStatus.LOST)
    assert lost.error.kind is ErrorKind.LOST
    bench.target.hold = None
    await bench.make_due(job)
    await bench.work_once(survivor)
    first, second = bench.target.calls
    assert second["X-Cronpp-Possible-Duplicate"] == "1"
    assert first["Idempotency-Key"] == second["Idempotency-Key"]
    assert (await bench.run(job)).status is RunStatus.SUCCESS


async def test_dead_before_sending_costs_the_run_no_attempt(bench: Bench) -> None:
    job = await _claimed_by_a_worker_that_dies(bench)
    await bench.database.logs.delete_many({})  # as if it had died before opening its record
    survivor = await bench.worker()
    await _reap(bench, survivor, job)
    run = await bench.run(job)
    assert (run.status, run.spared_count) == (RunStatus.RETRYING, 1)
    bench.target.hold = None
    bench.target.calls.clear()
    await bench.work_once(survivor)
    assert "X-Cronpp-Possible-Duplicate" not in bench.target.calls[0]
    assert (await bench.run(job)).status is RunStatus.SUCCESS


async def test_dead_after_closing_its_record_is_finished_without_another_call(
    bench: Bench,
) -> None:
    job = await bench.add_job()
    dead, survivor = await bench.worker(), await bench.worker()
    await dead.firing.step()
    await bench.begin(dead)
    await dead.executing.drain(at_most_seconds=5, hurry=asyncio.Event())
    await dead.recording._attempts.close_all(dead.recording._ended)  # and then it dies
    await _reap(bench, survivor, job)
    assert (await bench.run(job)).status is RunStatus.SUCCESS
    assert (await bench.job(job))["last_run"]["status"] == "SUCCESS"
    assert len(bench.target.calls) == 1


async def test_a_result_that_comes_after_the_lease_changes_nothing_and_is_noted(
    bench: Bench,
) -> None:
    job = await bench.add_job()
    bench.target.hold = asyncio.Event()
    zombie, survivor = await bench.worker(), await bench.worker()
    await zombie.firing.step()
    await bench.begin(zombie)
    await bench.target.called.wait()
    await _reap(bench, survivor, job)
    before = await bench.run(job)
    bench.target.hold.set()
    await bench.settle(zombie)
    assert await bench.run(job) == before
    (lost,) = await bench.log(job)
    assert lost.status is AttemptStatus.LOST
    assert "after its lease was lost" in lost.stale_note


async def test_a_zombie_that_wakes_while_its_run_is_being_judged_is_too_late(bench: Bench) -> None:
    job = await _claimed_by_a_worker_that_dies(bench)
    zombie, survivor = bench.workers[0], await bench.worker()
    await bench.make_due(job)
    await survivor.claiming.step()  # has taken the record over, and not yet closed it
    bench.target.hold.set()
    await bench.settle(zombie)
    await bench.settle(survivor)
    run, (lost,) = await bench.run(job), await bench.log(job)
    assert (run.status, lost.status) == (RunStatus.RETRYING, AttemptStatus.LOST)


async def test_a_late_word_about_an_attempt_does_not_disturb_the_next_one(bench: Bench) -> None:
    job = await bench.add_job()
    bench.target.answers = [failure()]
    slow, survivor = await bench.worker(), await bench.worker()
    await slow.firing.step()
    await bench.begin(slow)
    await slow.executing.drain(at_most_seconds=5, hurry=asyncio.Event())
    await slow.recording._attempts.close_all(slow.recording._ended)  # and then it is frozen
    await _reap(bench, survivor, job)
    await bench.make_due(job)
    bench.target.hold = asyncio.Event()
    await bench.begin(survivor)
    before = await bench.run(job)
    assert (before.status, before.attempt_count) == (RunStatus.RUNNING, 2)
    await slow.recording.step()
    assert await bench.run(job) == before
    bench.target.hold.set()
    await bench.settle(survivor)


async def test_a_run_that_loses_three_workers_in_a_row_is_poison(bench: Bench) -> None:
    job = await _claimed_by_a_worker_that_dies(bench)
    for _ in range(2):
        await _reap(bench, await bench.worker(), job)
        await bench.make_due(job)
        await bench.begin(await bench.worker())  # and dies, too
        await asyncio.sleep(0)
    await _reap(bench, await bench.worker(), job)
    run = await bench.run(job)
    assert (run.status, run.reason, run.attempt_count) == (RunStatus.FAILED, "poison", 3)


async def test_a_job_that_two_runs_in_a_row_were_given_up_of_is_paused_with_the_reason(
    bench: Bench,
) -> None:
    job = await bench.add_job()
    assert await _given_up(bench, job) is True
    assert await _given_up(bench, job) is False
    document = await bench.job(job)
    assert (document["status"], "next_run_time" in document) == ("PAUSED", False)
    assert "2 of its runs in a row were given up" in document["paused_reason"]
    assert [run.reason for run in await bench.runs(job)] == ["poison", "poison"]


async def test_a_run_that_ends_otherwise_in_between_keeps_its_job_going(bench: Bench) -> None:
    job = await bench.add_job()
    assert await _given_up(bench, job) is True
    await _comes_due(bench, job)
    bench.target.hold = None
    await bench.work_once(await bench.worker())
    assert await _given_up(bench, job) is True


async def test_an_answer_in_between_means_it_is_not_poison(bench: Bench) -> None:
    job = await _claimed_by_a_worker_that_dies(bench)
    survivor = await bench.worker()
    await _reap(bench, survivor, job)
    assert (await bench.run(job)).lost_count == 1
    bench.target.hold, bench.target.answers = None, [failure(), OK]
    await bench.make_due(job)
    await bench.work_once(survivor)
    assert (await bench.run(job)).lost_count == 0


async def test_a_worker_that_saw_the_database_fail_reaps_nobody_yet(bench: Bench) -> None:
    job = await _claimed_by_a_worker_that_dies(bench)
    survivor = await bench.worker()
    survivor.reaping.note_store_failure()
    await _reap(bench, survivor, job)
    assert (await bench.run(job)).status is RunStatus.RUNNING


async def test_a_renewed_lease_is_not_reaped(bench: Bench) -> None:
    job = await bench.add_job()
    bench.target.hold = asyncio.Event()
    worker, other = await bench.worker(), await bench.worker()
    await worker.firing.step()
    await bench.begin(worker)
    await bench.make_due(job)
    await worker.renewing.step()
    assert await other.claiming.step() is False
    bench.target.hold.set()
    await bench.settle(worker)
    assert (await bench.run(job)).status is RunStatus.SUCCESS


async def test_attempts_broken_off_by_a_stopping_worker_are_given_back_unspent(
    bench: Bench,
) -> None:
    job = await bench.add_job()
    bench.target.hold = asyncio.Event()
    worker = await bench.worker()
    await worker.firing.step()
    await bench.begin(worker)
    await bench.target.called.wait()
    hurry = asyncio.Event()
    hurry.set()
    await worker.executing.drain(at_most_seconds=60, hurry=hurry)
    await worker.recording.step()
    run, (attempt,) = await bench.run(job), await bench.log(job)
    assert (run.status, run.spared_count, run.possible_duplicate) == (
        RunStatus.RETRYING,
        1,
        True,
    )
    assert "stopped before the answer came" in attempt.error.message


async def _given_up(bench: Bench, job: Job) -> bool:
    """Let three workers die of the next run of `job`; return whether the job goes on."""
    await _comes_due(bench, job)
    bench.target.hold = asyncio.Event()
    firing = await bench.worker()
    await firing.firing.step()
    for _ in range(3):
        await bench.make_due(job)
        await bench.begin(await bench.worker())  # and dies
        await _reap(bench, await bench.worker(), job)
    return bool((await bench.job(job))["enabled"])


async def _comes_due(bench: Bench, job: Job) -> None:
    just_now = utc_now() - timedelta(milliseconds=1)
    await bench.database.jobs.update_one({"_id": job.id}, {"$set": {"next_run_time": just_now}})


async def _claimed_by_a_worker_that_dies(bench: Bench) -> Job:
    job = await bench.add_job()
    bench.target.hold = asyncio.Event()
    worker = await bench.worker()
    await worker.firing.step()
    await bench.begin(worker)
    await bench.target.called.wait()
    return job


async def _reap(bench: Bench, worker, job: Job) -> None:
    """Let the lease of the job's run end and the worker look at it."""
    await bench.make_due(job)
    await bench.begin(worker)
    while not worker.recording.is_empty:
        await worker.recording.step()
