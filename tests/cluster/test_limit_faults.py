"""Workers that the system gives too little: they say so, and nothing is lost by it."""

import resource
import shutil
from pathlib import Path

import pytest

from tests.cluster.conftest import quick_and_full
from tests.cluster.scene import Scene

OPEN_FILES = 128

needs_prlimit = pytest.mark.skipif(
    shutil.which("prlimit") is None, reason="prlimit (util-linux) is missing"
)


@needs_prlimit
@quick_and_full()
async def test_a_worker_with_few_open_files_takes_what_it_can(scene: Scene) -> None:
    """A hundred calls at a time would be its share."""
    await scene.start_workers(1, before=("prlimit", f"--nofile={OPEN_FILES}"))
    await scene.start_workers(1)
    await scene.add_jobs("/ok/1000")
    evidence = await scene.calm()
    scene.tell(evidence)
    assert evidence.complaints() == []
    assert evidence.lost == []
    assert {run["status"] for run in evidence.runs.values()} == {"SUCCESS"}
    assert {run["attempt_count"] for run in evidence.runs.values()} == {1}
    assert len(await scene.database.runs.distinct("worker_id")) == 2
    assert "the limit of open files (ulimit -n) is too low" in scene.worker_log()


@needs_prlimit
@quick_and_full()
async def test_what_a_worker_out_of_memory_held_is_taken_over(scene: Scene) -> None:
    """It may break anywhere: in a call, in a write, in its upkeep. Whatever it does is judged."""
    starved, _ = await scene.start_workers(2)
    await scene.add_jobs("/ok/300")
    starved_at = await scene.some_calls()
    most = _address_space(starved.process.pid)  # what it has, and not a byte more
    resource.prlimit(starved.process.pid, resource.RLIMIT_AS, (most, most))
    evidence = await scene.calm()
    scene.tell(evidence, seconds=evidence.taken_over_after(starved_at))
    assert evidence.lost or "MemoryError" in scene.worker_log(), "it had enough"
    assert evidence.complaints() == []
    assert {run["status"] for run in evidence.runs.values()} <= {"SUCCESS", "FAILED"}


def _address_space(pid: int) -> int:
    """Return how many bytes of address space the process has taken (proc(5), statm)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[0])
    return pages * resource.getpagesize()
