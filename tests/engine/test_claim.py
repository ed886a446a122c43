"""Claiming: one claim per run, by the database's clock, for jobs that still want it."""

import asyncio
from datetime import timedelta

from cronpp_app.clock import utc_now
from cronpp_app.domain.runs import RunStatus
from tests.engine.conftest import Bench


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
