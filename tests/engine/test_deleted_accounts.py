"""Workers while an account is deleted: what runs is broken off, and nothing fires any more."""

import asyncio
from datetime import timedelta
from typing import Any

from cronpp_app.clock import utc_now
from cronpp_app.domain.attempts import AttemptStatus
from cronpp_app.domain.runs import RunStatus
from cronpp_app.services.departures import SETTLED_AFTER
from tests.engine.conftest import Bench
from tests.engine.test_cancel import _reap, _running


async def depart(bench: Bench, *, ago: timedelta = timedelta(0)) -> None:
    """Delete the account of the owner of the bench's jobs, or look at it once more later."""
    fields = {"email": "ada@example.org", "began_at": utc_now() - ago}
    departures = bench.database.raw["departures"]
    await departures.update_one({"_id": "ada"}, {"$set": fields}, upsert=True)
    await bench.services.departures.finish_all()


async def left(bench: Bench) -> dict[str, Any]:
    names = ("jobs", "runs", "execution_logs", "signing_secrets", "departures")
    counts = {name: await bench.database.raw[name].count_documents({}) for name in names}
    return {name: count for name, count in counts.items() if count}


async def test_a_running_run_is_broken_off_and_goes_when_its_worker_has_let_go(
    bench: Bench,
) -> None:
    job, worker = await _running(bench)
    await depart(bench)
    assert await left(bench) == {"runs": 1, "execution_logs": 1, "departures": 1}
    await worker.renewing.step()
    assert worker.executing._tasks == set()
    await _reap(bench, worker)
    run, (attempt,) = await bench.run(job), await bench.log(job)
    assert (run.status, run.reason) == (RunStatus.CANCELLED, "The account was deleted.")
    assert attempt.status is AttemptStatus.CANCELLED
    await depart(bench)
    assert await left(bench) == {"departures": 1}
    await depart(bench, ago=SETTLED_AFTER)
    assert await left(bench) == {}
    assert len(bench.target.calls) == 1


async def test_a_result_that_comes_when_all_is_gone_brings_nothing_back(bench: Bench) -> None:
    _, worker = await _running(bench)
    await depart(bench, ago=SETTLED_AFTER)
    assert await left(bench) == {}
    assert bench.target.hold is not None
    bench.target.hold.set()
    await bench.settle(worker)  # it had not heard of anything, and reports a success
    assert await left(bench) == {}
    assert worker.claiming._held.busy == 0


async def test_a_run_that_a_worker_holds_for_its_time_is_never_sent(bench: Bench) -> None:
    await bench.add_job(due_ago=-0.3)
    worker = await bench.worker(claims_first=True)
    await worker.firing.step()
    await depart(bench)
    async with asyncio.timeout(60):
        while worker.claiming._held.busy:
            await asyncio.sleep(0.05)
            await worker.starting.step()
    assert bench.target.calls == []
    await depart(bench, ago=SETTLED_AFTER)
    assert await left(bench) == {}


async def test_jobs_of_others_go_on(bench: Bench) -> None:
    job = await bench.add_job()
    await bench.database.jobs.update_one({"_id": job.id}, {"$set": {"user_id": "bob"}})
    await bench.add_job()
    await depart(bench)
    await bench.work_once(await bench.worker())
    assert [run.user_id for run in await bench.runs()] == ["bob"]
    assert [run.status for run in await bench.runs()] == [RunStatus.SUCCESS]
