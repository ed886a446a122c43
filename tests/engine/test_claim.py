"""Claiming: one claim per run, by the database's clock, for jobs that still want it."""

import asyncio
from datetime import timedelta

from cronpp_app.clock import utc_now
from cronpp_app.domain.jobs import CatchUp, MisfirePolicy, Overlap
from cronpp_app.domain.runs import RunStatus, Trigger
from tests.engine.conftest import Bench
from tests.factories import make_user

ADA = make_user(id="ada")


async def test_each_run_is_claimed_by_one_worker_only(bench: Bench) -> None:
    jobs = [await bench.add_job() for _ in range(30)]
    workers = [await bench.worker() for _ in range(4)]
    await workers[0].firing.step()
    await asyncio.gather(*(bench.begin(worker) for worker in workers))
    for worker in workers:
        await bench.begin(worker)
        await bench.settle(worker)
    assert len(bench.target.calls) == 30
    assert {run.status for run in await bench.runs()} == {RunStatus.SUCCESS}
    assert {run.attempt_count for job in jobs for run in await bench.runs(job)} == {1}


async def test_a_worker_whose_clock_runs_ahead_claims_nothing_early(bench: Bench) -> None:
    job = await bench.add_job()
    worker = await bench.worker()
    await worker.firing.step()
    in_half_an_hour = utc_now() + timedelta(minutes=30)
    await bench.database.runs.update_one({"job_id": job.id}, {"$set": {"wake_at": in_half_an_hour}})
    worker.upkeep._clock._epoch += timedelta(hours=1)
    assert await worker.claiming.step() is False
    assert bench.target.calls == []


async def test_a_worker_takes_no_more_than_it_has_slots_for(bench: Bench) -> None:
    for _ in range(5):
        await bench.add_job()
    bench.target.hold = asyncio.Event()
    worker = await bench.worker(slots=2)
    await worker.firing.step()
    await bench.begin(worker)
    assert await worker.claiming.step() is False
    assert [run.status for run in await bench.runs()].count(RunStatus.RUNNING) == 2
    bench.target.hold.set()
    await bench.settle(worker)


async def test_a_waiting_run_of_a_job_paused_meanwhile_is_cancelled_unsent(bench: Bench) -> None:
    job = await bench.add_job()
    worker = await bench.worker()
    await worker.firing.step()
    paused = {"enabled": False, "status": "PAUSED", "paused_at": utc_now()}
    await bench.database.jobs.update_one({"_id": job.id}, {"$set": paused})
    await bench.begin(worker)
    run = await bench.run(job)
    assert (run.status, run.reason) == (RunStatus.CANCELLED, "The job was paused.")
    assert bench.target.calls == []


async def test_a_waiting_run_of_a_job_deleted_meanwhile_is_cancelled_unsent(bench: Bench) -> None:
    job = await bench.add_job()
    worker = await bench.worker()
    await worker.firing.step()
    await bench.database.jobs.delete_one({"_id": job.id})
    await bench.begin(worker)
    assert (await bench.run(job)).status is RunStatus.CANCELLED
    assert bench.target.calls == []


async def test_a_target_learns_which_run_attempt_and_fire_time_called_it(bench: Bench) -> None:
    job = await bench.add_job()
    await bench.work_once(await bench.worker())
    run = await bench.run(job)
    (headers,) = bench.target.calls
    assert headers["X-Cronpp-Job-Id"] == job.id
    assert headers["X-Cronpp-Run-Id"] == headers["Idempotency-Key"] == run.id
    assert headers["X-Cronpp-Attempt"] == "1"
    assert headers["X-Cronpp-Fire-Time"].endswith("Z")


async def test_a_run_may_be_held_from_its_first_moment_by_one_worker_only(bench: Bench) -> None:
    jobs = [await bench.add_job() for _ in range(20)]
    workers = [await bench.worker(claims_first=True) for _ in range(4)]
    await asyncio.gather(*(worker.firing.step() for worker in workers))
    assert {run.status for run in await bench.runs()} == {RunStatus.RUNNING}
    for worker in workers:
        await worker.starting.step()
        await bench.settle(worker)
    assert len(bench.target.calls) == 20
    assert {run.status for run in await bench.runs()} == {RunStatus.SUCCESS}
    assert {run.attempt_count for job in jobs for run in await bench.runs(job)} == {1}


async def test_a_run_held_from_its_first_moment_is_taken_over_when_its_worker_dies(
    bench: Bench,
) -> None:
    job = await bench.add_job()
    dead = await bench.worker(claims_first=True)
    await dead.firing.step()
    await bench.make_due(job)
    other = await bench.worker()
    await bench.begin(other)
    await bench.settle(other)
    await bench.make_due(job)
    await bench.begin(other)
    await bench.settle(other)
    run = await bench.run(job)
    assert (run.status, run.possible_duplicate) == (RunStatus.SUCCESS, False)
    assert len(bench.target.calls) == 1


async def test_fire_times_of_one_job_held_from_their_first_moment_do_not_overlap(
    bench: Bench,
) -> None:
    """They come at once after a downtime; each starts when the one before it is done."""
    job = await bench.add_job(
        due_ago=7300, overlap=Overlap.QUEUE, misfire=MisfirePolicy(policy=CatchUp.ALL)
    )
    bench.target.hold = asyncio.Event()
    worker = await bench.worker(claims_first=True)
    await worker.firing.step()
    await worker.starting.step()
    assert sorted(run.status for run in await bench.runs(job)) == ["PENDING", "RUNNING", "SKIPPED"]
    bench.target.hold.set()
    await bench.settle(worker)


async def test_a_run_held_ahead_of_its_time_is_not_in_the_way_of_one_by_hand(bench: Bench) -> None:
    job = await bench.add_job(due_ago=-0.9)
    worker = await bench.worker(claims_first=True)
    await worker.firing.step()
    await bench.services.jobs.run_now(ADA, job.id)
    await bench.begin(worker)
    await bench.settle(worker)
    by_hand = next(run for run in await bench.runs(job) if run.trigger is Trigger.MANUAL)
    assert by_hand.status is RunStatus.SUCCESS
    await worker.starting.give_back()


async def test_a_worker_claims_no_more_of_what_it_fires_than_it_has_room_for(bench: Bench) -> None:
    for _ in range(9):
        await bench.add_job()
    worker = await bench.worker(claims_first=True, slots=2)
    await worker.firing.step()
    statuses = sorted(run.status for run in await bench.runs())
    assert statuses == [RunStatus.PENDING] * 7 + [RunStatus.RUNNING] * 2


async def test_workers_take_what_it_is_their_turn_to_take_and_leave_nothing(bench: Bench) -> None:
    for _ in range(30):
        await bench.add_job(due_ago=-0.4)
    first, second = [await bench.worker() for _ in range(2)]
    names = [worker.upkeep._worker_id for worker in (first, second)]
    for worker in (first, second):
        worker.upkeep._turns.among(names)
    await first.firing.step()
    half = len(await bench.runs())
    assert 0 < half < 30
    await second.firing.step()
    assert len(await bench.runs()) == 30


async def test_what_another_worker_does_not_take_in_time_is_taken_over(bench: Bench) -> None:
    for _ in range(10):
        await bench.add_job()
    worker = await bench.worker()
    worker.upkeep._turns.among([worker.upkeep._worker_id, "one-that-died"])
    await worker.firing.step()
    assert len(await bench.runs()) < 10
    worker.firing._choice._theirs = dict.fromkeys(
        worker.firing._choice._theirs, utc_now() - timedelta(seconds=1)
    )
    await worker.firing.step()
    assert len(await bench.runs()) == 10
