"""Name servers that are silent, fail or lie: the names of one job do not hold up the others."""

import os
from datetime import timedelta
from pathlib import Path

from cronpp_app.domain.jobs import Job
from tests.cluster.conftest import quick_and_full
from tests.cluster.evidence import Document, Evidence
from tests.cluster.harness import ROOT
from tests.cluster.scene import Scene

WRONG_NAMES = Path(__file__).parent / "wrong_names"
# Of each kind of trouble, beside those whose name is answered.
PER_SECOND = 3
DEADLINE = timedelta(seconds=3)


@quick_and_full()
async def test_broken_name_servers_hold_up_their_own_jobs_only(scene: Scene) -> None:
    path = os.pathsep.join([str(WRONG_NAMES), str(ROOT)])
    await scene.start_workers(2, PYTHONPATH=path)
    others = await scene.add_jobs(host="healthy.test")
    troubled = {
        name: await scene.add_jobs(
            "/ok/0", host=f"{name}.test", count=PER_SECOND, deadline=DEADLINE
        )
        for name in ("slow", "failing", "rebinding", "mixed")
    }
    evidence = await scene.calm()
    late = sorted(run["lateness_ms"] for run in _runs(evidence, others))
    scene.tell(evidence, seconds=late[len(late) // 2] / 1000)
    assert evidence.complaints() == []
    assert evidence.lost == []
    assert _ends(evidence, others) == {"SUCCESS"}
    assert _ends(evidence, troubled["slow"]) == {"FAILED timeout"}
    assert _ends(evidence, troubled["failing"]) <= {"SUCCESS", "FAILED dns"}
    assert _ends(evidence, troubled["rebinding"]) == {"SUCCESS", "FAILED blocked"}
    assert _ends(evidence, troubled["mixed"]) == {"FAILED blocked"}
    assert not any(run["_id"] in evidence.calls for run in _runs(evidence, troubled["mixed"]))


def _runs(evidence: Evidence, jobs: list[Job]) -> list[Document]:
    ids = {job.id for job in jobs}
    return [run for run in evidence.runs.values() if run["job_id"] in ids]


def _ends(evidence: Evidence, jobs: list[Job]) -> set[str]:
    """Return the statuses in which the runs of `jobs` ended, failures with their kinds."""
    return {
        run["status"] if run["status"] == "SUCCESS" else f"{run['status']} {run['error']['kind']}"
        for run in _runs(evidence, jobs)
    }
