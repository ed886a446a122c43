"""Recording: what becomes of a run, and that a late or doubled word changes nothing."""

import asyncio
from datetime import timedelta

import pytest

from cronpp_app.clock import utc_now
from cronpp_app.domain.attempts import (
    AttemptError,
    AttemptResult,
    AttemptStatus,
    ErrorKind,
    ReceivedResponse,
)
from cronpp_app.domain.backoff import RetryPolicy
from cronpp_app.domain.fires import scheduled_run
from cronpp_app.domain.jobs import CatchUp, MisfirePolicy, Overlap
from cronpp_app.domain.runs import RunStatus
from cronpp_app.domain.schedules import IntervalSchedule, OnceSchedule
from tests.engine.conftest import Bench, failure, seconds_from_now


async def test_a_success_is_told_by_run_log_and_job(bench: Bench) -> None:
    job = await bench.add_job()
    await bench.work_once(await bench.worker())
    run, (attempt,), document = await bench.run(job), await bench.log(job), await bench.job(job)
    assert (run.status, run.wake_at, run.claim_id) == (RunStatus.SUCCESS, None, None)
    assert run.lateness_ms >= 500
    assert attempt.status is AttemptStatus.SUCCESS
    assert document["last_run"]["status"] == "SUCCESS"
    assert (document["status"], document["consecutive_failures"]) == ("PENDING", 0)


async def test_a_retryable_failure_waits_its_backoff_and_keeps_its_key(bench: Bench) -> None:
    job = await bench.add_job()
    worker = await bench.worker()
    bench.target.answers = [failure()]
    await bench.work_once(worker)
    run = await bench.run(job)
    assert run.status is RunStatus.RETRYING
    assert 55 < seconds_from_now(run.wake_at) <= 60
    assert (await bench.job(job))["status"] == "RETRYING"
    await bench.make_due(job)
    await bench.work_once(worker)
    first, second = bench.target.calls
    assert first["Idempotency-Key"] == second["Idempotency-Key"]
    assert second["X-Cronpp-Attempt"] == "2"
    done = await bench.run(job)
    assert (done.status, done.error) == (RunStatus.SUCCESS, None)


async def test_a_run_fails_when_its_retries_are_spent(bench: Bench) -> None:
    job = await bench.add_job(retry=RetryPolicy(max_retries=1))
    worker = await bench.worker()
    bench.target.answers = [failure(), failure()]
    await bench.work_once(worker)
    await bench.make_due(job)
    await bench.work_once(worker)
    assert (await bench.run(job)).status is RunStatus.FAILED
    assert len(await bench.log(job)) == 2
    assert (await bench.job(job))["consecutive_failures"] == 1


async def test_a_permanent_failure_is_not_retried(bench: Bench) -> None:
    job = await bench.add_job()
    bench.target.answers = [failure(ErrorKind.BLOCKED, retryable=False)]
    await bench.work_once(await bench.worker())
    run = await bench.run(job)
    assert (run.status, run.error.kind) == (RunStatus.FAILED, ErrorKind.BLOCKED)


async def test_the_target_may_say_when_to_come_back(bench: Bench) -> None:
    job = await bench.add_job()
    bench.target.answers = [failure(retry_after=timedelta(minutes=10))]
    await bench.work_once(await bench.worker())
    assert 590 < seconds_from_now((await bench.run(job)).wake_at) <= 600


async def test_a_retry_window_is_kept_with_the_job_and_ends_its_runs(bench: Bench) -> None:
    impatient = RetryPolicy(base=timedelta(seconds=60), window=timedelta(seconds=30))
    job = await bench.add_job(retry=impatient)
    bench.target.answers = [failure()]
    await bench.work_once(await bench.worker())
    run = await bench.run(job)
    assert (run.status, run.retry) == (RunStatus.FAILED, impatient)
    assert "retry window of 30 s" in run.reason


async def test_a_target_that_is_gone_pauses_its_job(bench: Bench) -> None:
    job = await bench.add_job()
    bench.target.answers = [failure(retryable=False, gone=True)]
    await bench.work_once(await bench.worker())
    document = await bench.job(job)
    assert (document["status"], document["enabled"]) == ("PAUSED", False)
    assert "410" in document["paused_reason"]
    assert "next_run_time" not in document


@pytest.mark.parametrize(
    ("answer", "status"), [(None, "SUCCESS"), (failure(retryable=False), "FAILED")]
)
async def test_a_one_off_job_ends_as_its_run_does(bench: Bench, answer, status: str) -> None:
    job = await bench.add_job()
    once = {"kind": "once", "run_at": job.next_run_time, "timezone": "UTC"}
    await bench.database.jobs.update_one({"_id": job.id}, {"$set": {"schedule": once}})
    bench.target.answers = [answer] if answer else []
    await bench.work_once(await bench.worker())
    assert (await bench.job(job))["status"] == status


async def test_a_one_off_job_whose_run_is_over_before_it_moves_on_ends_as_the_run(
    bench: Bench,
) -> None:
    run_at = utc_now() - timedelta(seconds=1)
    job = await bench.add_job(schedule=OnceSchedule(run_at=run_at))
    worker = await bench.worker()
    fired = scheduled_run(job, fire_time=run_at, now=utc_now())
    await worker.firing._runs.add([fired])  # and whoever fired it is slow
    await bench.begin(worker)
    await bench.settle(worker)
    await worker.firing.step()
    assert (await bench.job(job))["status"] == "SUCCESS"


async def test_writing_the_same_end_twice_counts_it_once(bench: Bench) -> None:
    job = await bench.add_job(retry=RetryPolicy(max_retries=0))
    worker = await bench.worker()
    bench.target.answers = [failure()]
    await worker.firing.step()
    await bench.begin(worker)
    await worker.executing.drain(at_most_seconds=5, hurry=asyncio.Event())
    ended = list(worker.recording._ended)
    await worker.recording.step()
    worker.recording._ended.extend(ended)  # the answer of the database was lost: written again
    await worker.recording.step()
    document = await bench.job(job)
    assert (document["consecutive_failures"], len(document["recent"])) == (1, 1)


async def test_a_message_that_looks_like_an_expression_stays_text(bench: Bench) -> None:
    job = await bench.add_job(retry=RetryPolicy(max_retries=0))
    result = failure()
    hostile = type(result.error)(kind=ErrorKind.STATUS, message="$name")
    bench.target.answers = [type(result)(error=hostile)]
    await bench.work_once(await bench.worker())
    assert (await bench.job(job))["last_run"]["error"] == "$name"


async def test_history_ends_by_itself_after_the_retention(bench: Bench) -> None:
    job = await bench.add_job()
    await bench.work_once(await bench.worker(retention_days=7))
    document = await bench.database.runs.find_one({"job_id": job.id})
    assert document["expire_at"] - utc_now() > timedelta(days=6, hours=23)


async def test_answers_of_many_megabytes_are_all_kept(bench: Bench) -> None:
    body = "☃" * 64 * 1024
    answer = ReceivedResponse(
        status=200, headers={}, body=body, body_truncated=False, size_bytes=len(body.encode())
    )
    jobs = [await bench.add_job() for _ in range(50)]
    bench.target.answers = [AttemptResult(response=answer) for _ in jobs]
    await bench.work_once(await bench.worker(slots=100))
    kept = [attempt.response for job in jobs for attempt in await bench.log(job)]
    assert kept == [answer] * len(jobs)


async def test_answers_whose_headers_are_megabytes_are_all_kept(bench: Bench) -> None:
    headers = {f"X-{number}": "x" * 16_000 for number in range(64)}
    answer = ReceivedResponse(
        status=200, headers=headers, body="", body_truncated=False, size_bytes=0
    )
    jobs = [await bench.add_job() for _ in range(20)]
    bench.target.answers = [AttemptResult(response=answer) for _ in jobs]
    await bench.work_once(await bench.worker(slots=100))
    kept = [attempt.response for job in jobs for attempt in await bench.log(job)]
    assert kept == [answer] * len(jobs)


async def test_failures_told_at_great_length_are_all_kept(bench: Bench) -> None:
    error = AttemptError(kind=ErrorKind.STATUS, message="☃" * 16_000, traceback="☃" * 32_000)
    jobs = [await bench.add_job() for _ in range(120)]
    bench.target.answers = [AttemptResult(error=error) for _ in jobs]
    await bench.work_once(await bench.worker(slots=200))
    assert {run.error for run in await bench.runs()} == {error}
    assert (await bench.job(jobs[0]))["last_run"]["error"] == error.message[:1_000]


async def test_two_ends_of_one_job_in_a_batch_both_count(bench: Bench) -> None:
    job = await bench.add_job(
        due_ago=2.5,
        schedule=IntervalSchedule(
            every=timedelta(seconds=1), start_at=utc_now() - timedelta(seconds=2.5)
        ),
        overlap=Overlap.ALLOW,
        misfire=MisfirePolicy(policy=CatchUp.ALL, grace=timedelta(minutes=1)),
        retry=RetryPolicy(max_retries=0),
    )
    bench.target.answers = [failure(), failure(), failure()]
    worker = await bench.worker()
    await worker.firing.step()
    await worker.claiming.step()
    await worker.starting.step()
    await bench.settle(worker)
    runs = [run for run in await bench.runs(job) if run.status is RunStatus.FAILED]
    assert len(runs) > 1
    assert (await bench.job(job))["consecutive_failures"] == len(runs)
