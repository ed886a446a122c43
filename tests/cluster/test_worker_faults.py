"""Workers die, freeze or are told to go while runs fire: nothing is lost or doubled unsaid."""

import signal
from datetime import datetime

from cronpp_app.clock import utc_now
from tests.cluster.conftest import quick_and_full
from tests.cluster.evidence import Evidence
from tests.cluster.scene import Scene

# Promised; quick scenarios on a busy machine get more.
TAKE_OVER_SECONDS = 20.0
DRAIN_SECONDS = 2
# The registry forgets a dead worker after thirty seconds; nobody waits for that.
NOTICED_WITHIN_SECONDS = 20.0


def _is_sound(evidence: Evidence) -> None:
    assert evidence.complaints() == []
    assert {run["status"] for run in evidence.runs.values()} == {"SUCCESS"}


@quick_and_full()
async def test_a_killed_workers_runs_are_taken_over(scene: Scene) -> None:
    await scene.start_workers(3)
    await scene.add_jobs("/ok/300")  # many calls are under way when it dies
    killed_at = await scene.some_calls()
    scene.victim().kill()
    evidence = await scene.calm()
    taken_over = evidence.taken_over_after(killed_at)
    scene.tell(evidence, seconds=taken_over)
    _is_sound(evidence)
    assert evidence.lost, "the seed killed a worker that held nothing"
    assert taken_over < TAKE_OVER_SECONDS


@quick_and_full()
async def test_an_idle_workers_death_costs_nothing(scene: Scene) -> None:
    await scene.start_workers(2)
    scene.victim().kill()
    await scene.add_jobs()
    evidence = await scene.calm()
    longest = evidence.longest_wait()
    scene.tell(evidence, seconds=longest)
    _is_sound(evidence)
    assert evidence.lost == []
    assert longest < NOTICED_WITHIN_SECONDS, "its share of the work was left to it"


@quick_and_full(quick=True)
async def test_what_a_zombie_says_after_its_lease_changes_nothing(scene: Scene) -> None:
    """A worker is frozen with calls under way; others take over; then it wakes and reports."""
    await scene.start_workers(2)
    await scene.add_jobs("/ok/300")
    frozen_at = await scene.some_calls()
    zombie = scene.workers[scene.chooser.randrange(2)]
    zombie.process.send_signal(signal.SIGSTOP)

    async def taken_over() -> bool:
        return not await scene.held_by(zombie)

    await scene.until(taken_over, at_most=60)
    zombie.process.send_signal(signal.SIGCONT)
    evidence = await scene.calm()
    await scene.stop_workers(zombie)  # only then has it certainly said what it had to say
    evidence = await scene.calm()
    scene.tell(evidence, seconds=evidence.taken_over_after(frozen_at))
    _is_sound(evidence)
    assert evidence.rejected, "nothing that the zombie said came too late"
    _only_successors_count(evidence)


def _only_successors_count(evidence: Evidence) -> None:
    """I3: a rejected result left its attempt lost, and another attempt made the run's end."""
    for attempt in evidence.rejected:
        assert attempt["status"] == "LOST"
        assert evidence.runs[attempt["run_id"]]["attempt_count"] > attempt["number"]


async def _after_one_left(scene: Scene) -> Evidence:
    """Tell one of the workers to stop under load; return what was seen, once all is calm."""
    told_at = await scene.some_calls()
    leaving = scene.victim()
    await scene.stop_workers(leaving)
    seconds = _since(told_at)
    assert await scene.held_by(leaving) == set()
    evidence = await scene.calm()
    scene.tell(evidence, seconds=seconds)
    _is_sound(evidence)
    return evidence


@quick_and_full()
async def test_a_worker_told_to_stop_leaves_nothing_behind(scene: Scene) -> None:
    await scene.start_workers(2)
    await scene.add_jobs("/ok/300")
    evidence = await _after_one_left(scene)
    assert evidence.lost == []
    assert evidence.sent_twice == []


@quick_and_full()
async def test_a_worker_out_of_time_to_drain_hands_its_runs_on(scene: Scene) -> None:
    """The calls last longer than the drain; they are broken off, and another worker repeats."""
    await scene.start_workers(2, CRONPP_DRAIN_SECONDS=str(DRAIN_SECONDS))
    await scene.add_jobs("/ok/4000", count=scene.scale.per_second // 4)
    evidence = await _after_one_left(scene)
    assert evidence.sent_twice, "no call was broken off"


@quick_and_full()
async def test_a_worker_told_twice_to_stop_waits_for_no_answer(scene: Scene) -> None:
    await scene.start_workers(2, CRONPP_DRAIN_SECONDS="60")
    await scene.add_jobs("/ok/4000", count=scene.scale.per_second // 4)
    told_at = await scene.some_calls()
    leaving = scene.victim()
    leaving.process.terminate()
    await scene.target.received(1)
    await scene.stop_workers(leaving)
    seconds = _since(told_at)
    evidence = await scene.calm()
    scene.tell(evidence, seconds=seconds)
    _is_sound(evidence)
    assert seconds < 20


@quick_and_full()
async def test_ten_fire_times_without_any_worker_are_made_good(scene: Scene) -> None:
    await scene.start_workers(2)
    await scene.add_jobs("/ok/100")
    killed_at = await scene.some_calls()
    for _ in range(2):
        scene.victim().kill()
    await scene.ten_fire_times()
    await scene.start_workers(2)
    started_at = utc_now()
    evidence = await scene.calm()
    scene.tell(evidence, seconds=evidence.taken_over_after(started_at))
    _is_sound(evidence)
    assert evidence.silence_after(killed_at) > 10


def _since(moment: datetime) -> float:
    return (utc_now() - moment).total_seconds()
