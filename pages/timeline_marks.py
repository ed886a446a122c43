"""Runs as marks on the timeline."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo

from components.timeline import NARROWEST, Mark
from components.words import STATUS_WORDS, epoch_ms, milliseconds
from cronpp_app.domain.runs import RunStatus
from cronpp_app.services.histories import RunMark


def merged(marks: Iterable[Mark], length: timedelta) -> list[Mark]:
    """Return marks, newest first, with those as one that nobody could tell apart.

    They ended alike, none was late, and less than a bar's width lies between them.
    """
    near = length.total_seconds() * 1000 * NARROWEST
    drawn: list[Mark] = []
    counts: list[int] = []
    for mark in marks:
        newer = drawn[-1] if drawn else None
        late = mark.start_ms - mark.fire_ms > near
        alike = newer is not None and newer.status == mark.status
        if newer and alike and not late and newer.start_ms - mark.end_ms <= near:
            drawn[-1] = replace(newer, fire_ms=mark.fire_ms, start_ms=mark.start_ms)
            counts[-1] += 1
        else:
            drawn.append(mark)
            counts.append(1)
    return [
        replace(mark, words=f"{number} runs up to {mark.words}") if number > 1 else mark
        for mark, number in zip(drawn, counts, strict=True)
    ]


def mark_of(mark: RunMark, until: datetime, zone: tzinfo) -> Mark:
    """Return a run as a mark; one that waits or was never begun takes no room."""
    start = mark.started_at or mark.fire_time
    is_running = mark.status is RunStatus.RUNNING and mark.started_at
    end = mark.finished_at or (until if is_running else start)
    words = f"{mark.fire_time.astimezone(zone):%a %H:%M:%S}, {STATUS_WORDS[mark.status.value]}"
    if mark.lateness_ms is not None:
        words += f", late by {milliseconds(mark.lateness_ms)}"
    return Mark(
        run_id=mark.id,
        status=mark.status.value,
        fire_ms=epoch_ms(mark.fire_time) or 0,
        start_ms=epoch_ms(max(start, mark.fire_time)) or 0,
        end_ms=epoch_ms(max(end, start)) or 0,
        words=words,
    )
