"""The database does what it was asked, and its answer is lost: all happens once nevertheless.

The driver repeats a single write by itself; what changes many documents, and what fails a second
time, comes to the worker as an error, and it cannot know whether it was done.
"""

import asyncio

import pytest

from tests.cluster.conftest import quick_and_full
from tests.cluster.lossy_proxy import lossy_proxy
from tests.cluster.scene import Scene

IN_A_ROW = 2
# Each loss costs a pause; jobs must go on firing until the last reply is lost.
MORE_SECONDS = 6

WRITES = {
    "firing": ("insert", "runs"),
    "moving on": ("update", "jobs"),
    "opening the log": ("insert", "execution_logs"),
    "closing the log": ("update", "execution_logs"),
    "claiming, renewing, finishing": ("update", "runs"),
}


@pytest.mark.parametrize("step", WRITES)
@quick_and_full()
async def test_replies_lost_twice_in_a_row_double_nothing(scene: Scene, step: str) -> None:
    scene.name = f"replies to {step} are lost"
    await _survives_lost_replies(scene, [step])


@quick_and_full(quick=True)
async def test_replies_lost_at_every_step_double_nothing(scene: Scene) -> None:
    steps = list(WRITES)
    scene.chooser.shuffle(steps)
    await _survives_lost_replies(scene, steps)


async def _survives_lost_replies(scene: Scene, steps: list[str]) -> None:
    primary = await asyncio.to_thread(scene.members.primary)
    async with lossy_proxy(primary.port) as (proxy, scene.uri):
        await scene.start_workers(2)
        await scene.add_jobs(seconds=scene.scale.seconds + MORE_SECONDS)
        await scene.some_calls()
        for step in steps:
            await proxy.lose(*WRITES[step], times=IN_A_ROW, at_most=30)
        evidence = await scene.calm()
        scene.tell(evidence, replies_lost=proxy.lost)
        await scene.stop_workers()
    assert proxy.lost == IN_A_ROW * len(steps)
    assert evidence.complaints() == []
    assert evidence.sent_twice == []
    assert {run["status"] for run in evidence.runs.values()} == {"SUCCESS"}
