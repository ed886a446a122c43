"""Two hundred claimers on one due run: one of them gets it."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator

from cronpp_app.domain.fires import scheduled_run
from cronpp_app.store.run_documents import run_document
from tests.cluster.conftest import quick_and_full
from tests.cluster.harness import ROOT
from tests.cluster.scene import QUICK, Scene

PROCESSES = 4
CLAIMERS_EACH = 50


@quick_and_full(quick=True)
async def test_one_of_two_hundred_claimers_gets_a_due_run(scene: Scene) -> None:
    (job,) = await scene.add_jobs(count=1, seconds=1)
    run = scheduled_run(job, fire_time=job.created_at, now=job.created_at)
    async with _claimers(scene) as processes:
        for number in range(5 if scene.scale is QUICK else 40):
            run_id = f"{run.id}-{number}"
            await scene.database.runs.insert_one({**run_document(run), "_id": run_id})
            winners = await _race(processes, run_id)
            assert len(winners) == 1
            claimed = await scene.database.runs.find_one({"_id": run_id})
            assert claimed is not None
            assert claimed["claim_id"] == winners[0]
            assert claimed["attempt_count"] == 1


@contextlib.asynccontextmanager
async def _claimers(scene: Scene) -> AsyncIterator[list[asyncio.subprocess.Process]]:
    options = (scene.uri, scene.database.raw.name, str(CLAIMERS_EACH))
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.cluster.claimers", *options),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(PROCESSES)
    ]
    try:
        for process in processes:
            assert await process.stdout.readline() == b"ready\n"
        yield processes
    finally:
        for process in processes:
            process.stdin.close()
            await process.wait()


async def _race(processes: list[asyncio.subprocess.Process], run_id: str) -> list[str]:
    for process in processes:
        process.stdin.write(f"{run_id}\n".encode())
    answers = [json.loads(await process.stdout.readline()) for process in processes]
    return [winner for answer in answers for winner in answer]
