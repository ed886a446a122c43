"""What the timeline draws: lanes that stay where they are."""

from datetime import datetime, timedelta
from typing import Any

from cronpp_app.domain.runs import RunStatus
from cronpp_app.services.histories import RunMark, Stretch
from tests.factories import NOON

HOUR = timedelta(hours=1)


def mark(run_id: str, job: str, fire_time: datetime, **changes: Any) -> RunMark:
    fields = {
        "status": RunStatus.SUCCESS,
        "started_at": fire_time,
        "finished_at": fire_time + timedelta(seconds=30),
        "lateness_ms": 0,
    }
    fields |= changes
    return RunMark(id=run_id, job_id=job, job_name=job.title(), fire_time=fire_time, **fields)


def timeline(*marks: RunMark, until: datetime = NOON) -> Any:
    from pages.timeline_values import timeline_of

    stretch = Stretch(since=until - HOUR, until=until, marks=marks, is_complete=True)
    return timeline_of(stretch, step=timedelta(minutes=10), timezone="UTC")


def test_lanes_stand_by_name_and_the_axis_stands_still_for_a_while() -> None:
    minute = timedelta(minutes=1)
    first = mark("r1", "zeta", NOON - minute), mark("r2", "alpha", NOON - 2 * minute)
    before = timeline(*first, until=NOON + timedelta(seconds=1))
    after = timeline(mark("r3", "zeta", NOON), *first, until=NOON + timedelta(seconds=17))
    assert [lane.name for lane in before.lanes] == ["Alpha", "Zeta"]
    assert (before.since_ms, before.until_ms) == (after.since_ms, after.until_ms)
    assert before.lanes[0] == after.lanes[0]
    assert len(after.lanes[1].marks) == 2
    assert [words for _, words in before.ticks][:2] == ["11:10", "11:20"]


def test_a_late_run_has_a_tail_and_one_that_waits_for_a_retry_takes_no_room() -> None:
    fire = NOON - timedelta(minutes=30)
    late = {"started_at": fire + timedelta(minutes=5), "lateness_ms": 300_000}
    retrying = {"status": RunStatus.RETRYING, "finished_at": None}
    values = timeline(mark("r1", "a", fire, **late), mark("r2", "b", fire, **retrying))
    tailed, short = (lane.marks[0] for lane in values.lanes)
    assert tailed.start_ms - tailed.fire_ms == 300_000
    assert "late by 5 m" in tailed.words
    assert short.end_ms == short.start_ms


def test_names_never_reach_the_drawing() -> None:
    from components.timeline import lane_drawing

    values = timeline(mark("r<1>", "<b>bold</b>", NOON - timedelta(minutes=1)))
    drawn = lane_drawing(values.lanes[0], values)
    assert "<b>" not in drawn
    assert "r<1>" not in drawn
    assert "cx-run-mark-good" in drawn


def test_runs_that_nobody_could_tell_apart_are_one_mark_but_failures_stand_out() -> None:
    minute = timedelta(minutes=1)
    close = [mark(f"r{n}", "a", NOON - minute - n * timedelta(seconds=31)) for n in range(5)]
    failed = mark("bad", "a", NOON - 5 * minute, status=RunStatus.FAILED)
    far = mark("far", "a", NOON - 30 * minute)
    (lane,) = timeline(*close, failed, far).lanes
    assert [drawn.run_id for drawn in lane.marks] == ["r0", "bad", "far"]
    assert lane.marks[0].words.startswith("5 runs up to ")
    assert lane.marks[0].end_ms - lane.marks[0].start_ms == 4 * 31_000 + 30_000
