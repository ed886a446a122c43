"""Disks that are slow, fail or fill up under the primary: at worst as if it had been killed.

A member that cannot keep what it was told ends itself, and the others elect another.
"""

import asyncio
from datetime import datetime

import pytest

from cronpp_app.clock import utc_now
from tests.cluster.broken_disk import broken_syncs, fill, may_mount, may_trace, small_disk
from tests.cluster.conftest import quick_and_full
from tests.cluster.replica_set import Member
from tests.cluster.scene import Scene

DELAY_SECONDS = 2
SLOW_SECONDS = 10.0
# Longer than a lease, and than an operation may last.
HANGING_SECONDS = 18
ENDS_WITHIN_SECONDS = 60
LONGEST_SILENCE_SECONDS = 30.0
DISK_MB = 900

needs_strace = pytest.mark.skipif(not may_trace(), reason="strace is missing or may not trace")
needs_mount = pytest.mark.skipif(not may_mount(), reason="this user may not mount a tmpfs")


@needs_strace
@quick_and_full()
async def test_a_slow_disk_under_the_primary_costs_no_run(scene: Scene) -> None:
    """Each time it syncs its journal it waits for two seconds."""
    primary, moment = await _under_load(scene)
    with broken_syncs(primary, f"delay_enter={DELAY_SECONDS}s"):
        await asyncio.sleep(SLOW_SECONDS)  # the fault itself
    await _survived(scene, moment)


@needs_strace
@quick_and_full()
async def test_a_hanging_disk_under_the_primary_costs_no_run(scene: Scene) -> None:
    """Leases end meanwhile, but nobody has died: what is under way is not taken over."""
    primary, moment = await _under_load(scene, "/ok/1000")
    with broken_syncs(primary, f"delay_enter={HANGING_SECONDS}s"):
        await asyncio.sleep(HANGING_SECONDS)  # the fault itself
    evidence = await scene.calm()
    scene.tell(evidence, seconds=evidence.silence_after(moment))
    assert evidence.complaints() == []
    assert evidence.sent_twice == [], "a database that hung was taken for the death of a worker"
    assert {run["status"] for run in evidence.runs.values()} == {"SUCCESS"}


@needs_strace
@quick_and_full()
async def test_a_failing_disk_under_the_primary_costs_no_run(scene: Scene) -> None:
    """A sync fails with EIO; the member ends itself rather than go on without its journal."""
    primary, moment = await _under_load(scene)
    with broken_syncs(primary, "error=EIO"):
        await asyncio.to_thread(primary.wait, ENDS_WITHIN_SECONDS)
    await _survived(scene, moment)


@needs_mount
@quick_and_full()
async def test_a_full_disk_under_the_primary_costs_no_run(scene: Scene) -> None:
    primary = await asyncio.to_thread(scene.members.primary)
    primary.kill()
    with small_disk(primary, DISK_MB) as disk:
        await asyncio.to_thread(scene.members.heal)
        await asyncio.to_thread(scene.members.hand_over_to, primary)
        primary, moment = await _under_load(scene)
        filler = fill(disk)
        await asyncio.to_thread(primary.wait, ENDS_WITHIN_SECONDS)
        filler.unlink()
        await _survived(scene, moment)


async def _under_load(scene: Scene, path: str = "/ok/50") -> tuple[Member, datetime]:
    """Have two workers fire; return the primary, and a moment that the seed decides."""
    await scene.start_workers(2)
    await scene.add_jobs(path)
    await scene.some_calls()
    return await asyncio.to_thread(scene.members.primary), utc_now()


async def _survived(scene: Scene, moment: datetime) -> None:
    evidence = await scene.calm()
    silence = evidence.silence_after(moment)
    scene.tell(evidence, seconds=silence)
    assert evidence.complaints() == []
    assert evidence.sent_twice == [], "a slow database was taken for the death of a worker"
    assert {run["status"] for run in evidence.runs.values()} == {"SUCCESS"}
    assert silence < LONGEST_SILENCE_SECONDS
