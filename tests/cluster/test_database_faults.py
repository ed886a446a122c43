"""The database breaks while runs fire: nothing is lost, nothing doubled, and soon it goes on."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

import pytest

from cronpp_app.clock import utc_now
from tests.cluster.conftest import quick_and_full
from tests.cluster.scene import Scene

FREEZE_SECONDS = 20.0
# Longer than the jobs' grace for misfires, which is a minute.
OUTAGE_SECONDS = 65.0
# Promised are 4 s in the median after a kill, 15 s after a freeze and once a majority is back; the
# figures tell. A busy machine takes longer.
LONGEST_SILENCE_SECONDS = 30.0


async def killed(scene: Scene) -> None:
    (await asyncio.to_thread(scene.members.primary)).kill()


async def handing_over(scene: Scene) -> None:
    await asyncio.to_thread(scene.members.step_down)


async def frozen(scene: Scene) -> None:
    """Freeze the primary, which wakes believing that it still is one."""
    primary = await asyncio.to_thread(scene.members.primary)
    primary.freeze()
    await asyncio.sleep(FREEZE_SECONDS)  # the fault itself
    primary.thaw()


@quick_and_full()
async def test_after_a_minute_without_a_majority_everything_goes_on(scene: Scene) -> None:
    """Fire times that are noticed too late then are told with their policy."""
    await scene.start_workers(2)
    # Calls outlast the fall of the database: their results wait to be recorded until it is back.
    await scene.add_jobs("/ok/1000", seconds=scene.scale.seconds + round(OUTAGE_SECONDS))
    await scene.target.received(scene.chooser.randrange(1, 10 * scene.scale.per_second))
    primary = await asyncio.to_thread(scene.members.primary)
    second = scene.chooser.choice([one for one in scene.members.members if one is not primary])
    for member in (primary, second):
        member.kill()
    await asyncio.sleep(OUTAGE_SECONDS)  # the fault itself
    await asyncio.to_thread(scene.members.revive)
    await asyncio.to_thread(scene.members.primary)
    back_at = utc_now()
    evidence = await scene.calm(at_most=300)
    resumed = evidence.first_call_after(back_at)
    scene.tell(evidence, seconds=resumed)
    assert evidence.complaints() == []
    assert evidence.sent_twice == [], "an outage was taken for the death of a worker"
    assert {run["status"] for run in evidence.runs.values()} <= {"SUCCESS", "SKIPPED"}
    assert evidence.gaps, "no fire time was noticed too late"
    assert all("the misfire policy is latest" in gap["reason"] for gap in evidence.gaps)
    assert resumed < LONGEST_SILENCE_SECONDS


Fault = Callable[[Scene], Awaitable[None]]


async def _break(scene: Scene, fault: Fault) -> datetime:
    """Have `fault` befall two workers at a moment that the seed decides; return that moment."""
    await scene.start_workers(2)
    await scene.add_jobs()
    moment = await scene.some_calls()
    await fault(scene)
    return moment


@pytest.mark.parametrize("fault", [killed])
@quick_and_full(quick=True)
async def test_a_killed_primary_costs_seconds_and_no_run(scene: Scene, fault: Fault) -> None:
    await _survives(scene, fault)


@pytest.mark.parametrize("fault", [handing_over, frozen], ids=lambda fault: fault.__name__)
@quick_and_full()
async def test_a_primary_costs_seconds_and_no_run(scene: Scene, fault: Fault) -> None:
    scene.name = f"a primary {fault.__name__.replace('_', ' ')} costs seconds and no run"
    await _survives(scene, fault)


async def _survives(scene: Scene, fault: Fault) -> None:
    moment = await _break(scene, fault)
    evidence = await scene.calm()
    silence = evidence.silence_after(moment)
    scene.tell(evidence, seconds=silence)
    assert evidence.complaints() == []
    assert evidence.sent_twice == [], "a failover was taken for the death of a worker"
    assert {run["status"] for run in evidence.runs.values()} == {"SUCCESS"}
    assert silence < LONGEST_SILENCE_SECONDS
