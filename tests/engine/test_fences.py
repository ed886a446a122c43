"""What each write holds to by itself, seen right where a bug would be: fast, beside the stories.

`python -m bench.mutants --direct` plants the bugs that these tests were written for.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from cronpp_app.clock import monotonic, utc_now
from cronpp_app.domain.backoff import RetryPolicy
from cronpp_app.domain.fires import manual_run
from cronpp_app.domain.leases import LeaseTerms, trust_from
from cronpp_app.domain.runs import Run, RunStatus
from cronpp_app.engine.claims import Claim
from cronpp_app.engine.runtime import Duties
from cronpp_app.engine.start import Starting
from cronpp_app.store.attempts import log_id
from cronpp_app.store.database import new_id
from tests.engine.conftest import OK, Bench, failure, seconds_from_now

HOUR = timedelta(hours=1)


async def test_a_run_under_way_is_not_claimable_before_its_lease_has_ended(bench: Bench) -> None:
    """Only what waits may be taken ahead of its time, however far ahead is allowed."""
    job = await bench.add_job()
    worker, other = await bench.worker(), await bench.worker()
    await worker.firing.step()
    await worker.claiming.step()
    held = await bench.run(job)
    claimed = await other.claiming._runs.claim(
        [held.id], claim_id="another", worker_id="w2", lease=HOUR, ahead=HOUR
    )
    assert (claimed.fresh, claimed.expired) == ((), ())
    assert await bench.run(job) == held


async def test_what_waits_is_claimable_as_far_ahead_as_is_allowed(bench: Bench) -> None:
    run = await _waits_half_an_hour(bench)
    runs = (await bench.worker()).claiming._runs
    for ahead, taken in ((HOUR / 4, 0), (HOUR, 1)):
        claimed = await runs.claim([run.id], claim_id="c", worker_id="w", lease=HOUR, ahead=ahead)
        assert len(claimed.fresh) == taken


async def test_an_attempt_is_counted_by_the_claim_before_anything_is_started(bench: Bench) -> None:
    job = await bench.add_job()
    worker = await bench.worker()
    bench.target.answers = [failure()]
    for number in (1, 2):
        await worker.firing.step()
        await worker.claiming.step()
        run = await bench.run(job)
        assert (run.status, run.attempt_count) == (RunStatus.RUNNING, number)
        await worker.starting.step()
        await bench.settle(worker)
        assert (await bench.run(job)).attempt_count == number
        await bench.make_due(job)
    assert [attempt.number for attempt in await bench.log(job)] == [1, 2]


async def test_who_takes_a_closed_record_over_keeps_the_time_of_its_retry(bench: Bench) -> None:
    job = await bench.add_job(retry=RetryPolicy(base=timedelta(minutes=10), jitter=True))
    dead, survivor = await bench.worker(), await bench.worker()
    bench.target.answers = [failure()]
    await dead.firing.step()
    await bench.begin(dead)
    await _perform(dead)
    await dead.recording._attempts.close_all(dead.recording._ended)  # and then it dies
    drawn = (await bench.database.logs.find_one({"job_id": job.id}))["verdict"]["retry_at"]
    await bench.make_due(job)
    await bench.begin(survivor)
    await bench.settle(survivor)
    run = await bench.run(job)
    assert (run.status, run.wake_at) == (RunStatus.RETRYING, drawn)
    assert 290 < seconds_from_now(drawn) <= 600


async def test_a_worker_that_dies_before_it_could_insert_has_not_moved_the_job_on(
    bench: Bench,
) -> None:
    job = await bench.add_job()
    dying = await bench.worker()

    async def die(_runs: object) -> None:
        raise ConnectionError("and then it dies")

    dying.firing._runs.add = die
    with pytest.raises(ConnectionError):
        await dying.firing.step()
    assert (await bench.job(job))["next_run_time"] == job.next_run_time
    await (await bench.worker()).firing.step()
    assert (await bench.run(job)).fire_time == job.next_run_time


async def test_a_claim_that_waits_for_its_time_asks_the_database_nothing(bench: Bench) -> None:
    starting = await _holds_a_claim_for_later(bench)
    starting._stores = None  # whoever asks breaks
    assert await starting.step() is False
    assert starting.seconds_until_due() > 1700


async def test_a_claim_started_by_a_wrong_clock_is_held_back_by_the_databases(bench: Bench) -> None:
    starting = await _holds_a_claim_for_later(bench)
    starting._clock._epoch += HOUR
    await starting.step()
    assert bench.target.calls == []
    assert len(starting._waiting) == 1


async def test_a_result_is_recorded_only_under_the_claim_that_performed_it(bench: Bench) -> None:
    job = await bench.add_job()
    worker = await bench.worker()
    await worker.firing.step()
    await bench.begin(worker)
    await _perform(worker)
    await bench.database.logs.update_many({}, {"$set": {"claim_id": "another"}})
    before = await bench.run(job)
    await worker.recording.step()
    (record,) = await bench.log(job)
    assert (record.status, record.finished_at) == ("RUNNING", None)
    assert "after its lease was lost" in record.stale_note
    assert await bench.run(job) == before
    await bench.database.logs.update_many({}, {"$set": {"claim_id": before.claim_id}})


async def test_a_run_is_finished_only_under_the_claim_that_performed_it(bench: Bench) -> None:
    job = await bench.add_job()
    worker = await bench.worker()
    await worker.firing.step()
    await bench.begin(worker)
    await _perform(worker)
    await bench.database.runs.update_many({}, {"$set": {"claim_id": "another"}})
    await worker.recording.step()
    run = await bench.run(job)
    assert (run.status, run.claim_id) == (RunStatus.RUNNING, "another")
    await bench.make_due(job)
    await bench.begin(worker)
    await bench.settle(worker)
    assert (await bench.run(job)).status is RunStatus.SUCCESS


async def test_a_lease_is_renewed_only_for_the_claim_that_holds_it(bench: Bench) -> None:
    job = await bench.add_job()
    worker = await bench.worker()
    await worker.firing.step()
    await worker.claiming.step()
    await bench.make_due(job)
    run, runs = await bench.run(job), worker.claiming._runs
    assert await runs.renew({run.id: "another"}, lease=HOUR) == {run.id}
    assert (await bench.run(job)).wake_at < utc_now()
    assert await runs.renew({run.id: run.claim_id}, lease=HOUR) == set()
    assert seconds_from_now((await bench.run(job)).wake_at) > 3500


async def test_two_words_on_one_run_in_one_batch_meet_the_fence_one_by_one(bench: Bench) -> None:
    """A worker's own late word, and the one it has as reaper of the same run: the first counts.

    One statement for both would hold a row for each run, of which the last one wins.
    """
    job = await bench.add_job()
    worker = await bench.worker()
    bench.target.answers = [OK]
    await worker.firing.step()
    await bench.begin(worker)
    await _perform(worker)  # its own word: the result came, and is not written yet
    await bench.make_due(job)  # the lease ends meanwhile
    await bench.begin(worker)  # the word of the reaper: the attempt is lost
    first, second = worker.recording._ended
    assert (first.run.id, first.status, second.status) == (second.run.id, "SUCCESS", "LOST")
    await worker.recording.step()
    (record,) = await bench.log(job)
    assert record.status == "RUNNING"  # the late word met the fence of the reaper's claim
    await bench.settle(worker)
    (record,), run = await bench.log(job), await bench.run(job)
    assert (record.status, run.status) == ("LOST", RunStatus.RETRYING)
    kept = await bench.database.logs.find_one({"_id": log_id(run.id, 1)})
    assert kept["verdict"]["retry_at"] == run.wake_at


async def test_a_valid_word_is_not_dropped_for_a_late_one_in_the_same_batch(bench: Bench) -> None:
    job = await bench.add_job()
    worker = await bench.worker()
    bench.target.answers = [OK]
    await worker.firing.step()
    await bench.begin(worker)
    await _perform(worker)
    (own,) = worker.recording._ended
    late = replace(own, run=replace(own.run, claim_id="a former one"))
    worker.recording._ended.append(late)
    await bench.settle(worker)
    assert (await bench.run(job)).status is RunStatus.SUCCESS


async def _waits_half_an_hour(bench: Bench) -> Run:
    job = await bench.add_job(due_ago=-3600)
    run = manual_run(job, run_id=new_id(), now=utc_now())
    waiting = replace(run, wake_at=utc_now() + HOUR / 2)
    await (await bench.worker()).claiming._runs.add([waiting])
    return waiting


async def _holds_a_claim_for_later(bench: Bench) -> Starting:
    run = await _waits_half_an_hour(bench)
    worker = await bench.worker()
    claimed = await worker.claiming._runs.claim(
        [run.id], claim_id="c", worker_id="w", lease=HOUR, ahead=HOUR
    )
    trust = trust_from(monotonic(), LeaseTerms(length=HOUR))
    worker.starting.add([Claim(run=one, trust=trust) for one in claimed.fresh])
    return worker.starting


async def _perform(worker: Duties) -> None:
    """Let what the worker has begun end; nothing of it is written."""
    await worker.executing.drain(at_most_seconds=5, hurry=asyncio.Event())
