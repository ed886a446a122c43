"""Jobs that kill their workers, targets that answer badly: the others do not notice."""

from cronpp_app.domain.backoff import RetryPolicy
from tests.cluster.conftest import quick_and_full
from tests.cluster.evidence import Document
from tests.cluster.scene import Scene


@quick_and_full()
async def test_a_run_that_kills_three_workers_is_set_aside(scene: Scene) -> None:
    await scene.start_workers(3)
    # Spread retries keep the others from coming back together with it, to be killed again.
    await scene.add_jobs(seconds=2 * scene.scale.seconds, retry=RetryPolicy())
    (job,) = await scene.add_jobs("/ok/25000", count=1, seconds=1, retry=RetryPolicy())
    for number in range(1, 4):
        await scene.target.until(lambda n=number: _calls(scene, job.id) == n, at_most=90)
        run = await scene.database.runs.find_one({"job_id": job.id})
        assert run is not None
        _worker_of(scene, run).kill()
        await scene.start_workers(1)
    evidence = await scene.calm()
    scene.tell(evidence)
    assert evidence.complaints() == []
    (poison,) = [run for run in evidence.runs.values() if run["job_id"] == job.id]
    assert (poison["status"], poison["reason"]) == ("FAILED", "poison")
    others = {run["status"] for run in evidence.runs.values() if run["job_id"] != job.id}
    assert others == {"SUCCESS"}


@quick_and_full()
async def test_a_hostile_target_gets_each_attempt_once(scene: Scene) -> None:
    """It answers first attempts with errors, cut off, not in HTTP, or not at all.

    What is not HTTP is not worth another attempt; all else is, and is answered well then.
    """
    await scene.start_workers(2)
    await scene.add_jobs("/hostile")
    evidence = await scene.calm()
    scene.tell(evidence)
    assert evidence.complaints() == []
    assert evidence.lost == []
    ends = {(run["status"], run["attempt_count"]) for run in evidence.runs.values()}
    assert ends == {("SUCCESS", 1), ("SUCCESS", 2), ("FAILED", 1)}
    failed = [run["error"] for run in evidence.runs.values() if run["status"] == "FAILED"]
    assert {error["kind"] for error in failed} == {"protocol"}


def _calls(scene: Scene, job_id: str) -> int:
    return sum(call.run_id.startswith(job_id) for call in scene.target.calls)


def _worker_of(scene: Scene, run: Document):
    (worker,) = [one for one in scene.workers if f"-{one.process.pid}-" in run["worker_id"]]
    scene.workers.remove(worker)
    return worker
