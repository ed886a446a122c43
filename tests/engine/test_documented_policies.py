"""The policies of docs/policies.md that only a database can decide."""

import asyncio
from datetime import timedelta

import pytest

from cronpp_app.clock import utc_now
from cronpp_app.domain.jobs import Job, Overlap
from cronpp_app.engine.runtime import Duties
from tests.documented import Case, cases, code, listed
from tests.engine.conftest import Bench, failure


@pytest.mark.parametrize("claims_first", [False, True])
@cases("overlap")
async def test_a_run_beside_one_whose_call_is_under_way(
    case: Case, bench: Bench, claims_first: bool
) -> None:
    job = await bench.add_job(overlap=Overlap(code(case["overlap"])))
    worker = await bench.worker(claims_first=claims_first)
    bench.target.hold = asyncio.Event()
    for _ in range(3):
        await _comes_due(bench, job, worker)
    told = case["a call is under way, and two more times come"]
    assert [run.status for run in await bench.runs(job)] == listed(told)
    bench.target.hold.set()
    await bench.settle(worker)


@cases("overlap")
async def test_a_run_beside_one_that_waits_for_its_retry(case: Case, bench: Bench) -> None:
    job = await bench.add_job(overlap=Overlap(code(case["overlap"])))
    worker = await bench.worker()
    bench.target.answers = [failure()]
    for _ in range(2):
        await _comes_due(bench, job, worker)
        await bench.settle(worker)
    told = case["the first call failed and waits for its retry, and a second time comes"]
    assert [run.status for run in await bench.runs(job)] == listed(told)


async def _comes_due(bench: Bench, job: Job, worker: Duties) -> None:
    """Let a fire time of the job have come, and the worker take it."""
    just_now = utc_now() - timedelta(milliseconds=1)
    await bench.database.jobs.update_one({"_id": job.id}, {"$set": {"next_run_time": just_now}})
    await worker.firing.step()
    await bench.begin(worker)
