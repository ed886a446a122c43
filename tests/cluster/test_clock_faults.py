"""Workers whose wall clocks are wrong, or jump: the database's clock decides."""

import os
from pathlib import Path

import pytest

from tests.cluster.conftest import quick_and_full
from tests.cluster.harness import ROOT
from tests.cluster.scene import Scene

WRONG_CLOCK = Path(__file__).parent / "wrong_clock"


@pytest.mark.parametrize("off", ["3600", "-3600", "jumping"])
@quick_and_full()
async def test_a_wrong_wall_clock_moves_nothing(scene: Scene, off: str) -> None:
    scene.name = (
        f"a worker's wall clock is off by {off} s"
        if off != "jumping"
        else ("a worker's wall clock jumps by hours")
    )
    path = os.pathsep.join([str(WRONG_CLOCK), str(ROOT)])
    await scene.start_workers(1, PYTHONPATH=path, CRONPP_TEST_CLOCK=off)
    await scene.start_workers(1)
    await scene.add_jobs()
    evidence = await scene.calm()
    workers = await scene.database.runs.distinct("worker_id")
    late = sorted(run["lateness_ms"] for run in evidence.runs.values())
    scene.tell(evidence, seconds=late[len(late) * 99 // 100] / 1000)
    assert evidence.complaints() == []
    assert evidence.lost == []
    assert evidence.sent_twice == []
    assert {run["status"] for run in evidence.runs.values()} == {"SUCCESS"}
    assert len(workers) == 2, "the worker with the wrong clock did nothing"
