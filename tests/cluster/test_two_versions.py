"""An update under load: workers of an earlier version and of this one side by side."""

import shutil
import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from tests.cluster.conftest import quick_and_full
from tests.cluster.harness import ROOT
from tests.cluster.scene import Scene

# The first whose documents had schema 2, and the last that knew no migrations; see
# tests/engine/test_old_documents.py.
COMMITS = ("ff2add3", "65b9ac2")


@pytest.fixture(params=COMMITS)
def earlier(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The sources of an earlier version, unpacked."""
    if shutil.which("git") is None:
        pytest.skip("git is missing, and with it the earlier versions")
    command = ["git", "-C", str(ROOT), "archive", request.param, "cronpp_app", "worker.py"]
    archive = subprocess.run(command, capture_output=True, check=False)
    if archive.returncode:
        pytest.skip(f"the history does not reach back to {request.param}: a shallow clone?")
    with tarfile.open(fileobj=BytesIO(archive.stdout)) as sources:
        sources.extractall(tmp_path / request.param, filter="data")
    return tmp_path / request.param


@quick_and_full()
async def test_an_update_under_load_loses_nothing(scene: Scene, earlier: Path) -> None:
    """Two old workers fire; a new one comes, an old one is killed, the other told to go."""
    scene.name = f"workers of {earlier.name} and of this version side by side"
    old = await scene.start_workers(2, root=earlier)
    await scene.add_jobs("/ok/300", seconds=2 * scene.scale.seconds)
    await scene.target.received(scene.chooser.randrange(400, 1200))
    (new,) = await scene.start_workers(1)
    await scene.target.received(scene.chooser.randrange(1000, 2000))
    killed, leaving = old
    killed.kill()
    await scene.target.received(scene.chooser.randrange(1000, 2000))
    await scene.stop_workers(leaving)
    evidence = await scene.calm()
    scene.tell(evidence)
    assert evidence.complaints() == []
    assert {run["status"] for run in evidence.runs.values()} == {"SUCCESS"}
    mixed = await scene.database.runs.distinct("worker_id")
    for worker in (killed, leaving, new):
        assert any(f"-{worker.process.pid}-" in name for name in mixed)
