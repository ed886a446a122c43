"""The primary dies while the secondaries lag: what only it had is gone, and nothing is lost.

What was never acknowledged by a majority was never built upon: no call was sent on it.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from cronpp_app.clock import utc_now
from tests.cluster.conftest import quick_and_full
from tests.cluster.replica_set import Member
from tests.cluster.scene import Scene

# Longer than a rest between two looks, and than a run from claim to result; below the lease.
LAG_SECONDS = 5.0
LONGEST_SILENCE_SECONDS = 30.0


@contextlib.asynccontextmanager
async def lagging(members: list[Member]) -> AsyncIterator[None]:
    """Have `members` receive nothing from the primary while the block lasts; they still vote."""
    for member in members:
        await asyncio.to_thread(_replicates, member, False)
    try:
        yield
    finally:
        for member in members:
            await asyncio.to_thread(_replicates, member, True)


def _replicates(member: Member, does: bool) -> None:
    mode = "off" if does else "alwaysOn"
    member.ask({"configureFailPoint": "stopReplProducer", "mode": mode})


@quick_and_full()
async def test_what_only_a_dead_primary_had_is_not_missed(scene: Scene) -> None:
    """Both secondaries lag; all that the primary took in the meantime is rolled back."""
    dead = await _survives_a_lag(scene, await asyncio.to_thread(scene.members.secondaries))
    await asyncio.to_thread(scene.members.heal)
    assert dead.rollbacks(), "the primary had nothing of its own when it died"


@quick_and_full()
async def test_a_primary_killed_before_a_lagging_secondary_costs_no_run(scene: Scene) -> None:
    """One secondary lags; the other has all that was acknowledged, and must be elected."""
    secondaries = await asyncio.to_thread(scene.members.secondaries)
    await _survives_a_lag(scene, [scene.chooser.choice(secondaries)])


async def _survives_a_lag(scene: Scene, behind: list[Member]) -> Member:
    """Kill the primary while the members `behind` lag, and judge what came of it; return it."""
    await scene.start_workers(2)
    await scene.add_jobs()
    await scene.some_calls()
    primary = await asyncio.to_thread(scene.members.primary)
    async with lagging(behind):
        await asyncio.sleep(LAG_SECONDS)  # the fault itself
        killed_at = utc_now()
        primary.kill()
    evidence = await scene.calm()
    silence = evidence.silence_after(killed_at)
    scene.tell(evidence, seconds=silence)
    assert evidence.complaints() == []
    assert evidence.sent_twice == [], "a failover was taken for the death of a worker"
    assert {run["status"] for run in evidence.runs.values()} == {"SUCCESS"}
    assert silence < LONGEST_SILENCE_SECONDS
    return primary
