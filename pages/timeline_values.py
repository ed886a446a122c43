"""Runs and schedules as the timeline shows them."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo

from components.day_load import LoadValues
from components.timeline import Lane, Mark, TimelineValues
from components.words import STATUS_WORDS, counted, epoch_ms
from cronpp_app.domain.zones import load_zone
from cronpp_app.services.histories import Load, Stretch
from pages.timeline_marks import mark_of, merged

SPANS = {
    "hour": ("Hour", timedelta(hours=1), timedelta(minutes=10)),
    "6h": ("6 hours", timedelta(hours=6), timedelta(hours=1)),
    "day": ("Day", timedelta(days=1), timedelta(hours=4)),
    "week": ("Week", timedelta(weeks=1), timedelta(days=1)),
}
_MOST_LANES = 40
_MOST_CROWDED = 5
_DAY = timedelta(days=1)
_STEPS = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def timeline_of(stretch: Stretch, *, step: timedelta, timezone: str) -> TimelineValues:
    """Return the lanes of a stretch: the jobs that ran latest, by name.

    The axis ends at a step of a two-hundredth, so that it stands still between two of them.
    """
    zone = load_zone(timezone)
    order = dict.fromkeys(mark.job_id for mark in stretch.marks)
    names = {mark.job_id: mark.job_name for mark in reversed(stretch.marks)}
    shown = sorted(list(order)[:_MOST_LANES], key=lambda job_id: (names[job_id].casefold(), job_id))
    until = _stepped(stretch)
    since = until - (stretch.until - stretch.since)
    by_job: dict[str, list[Mark]] = {job_id: [] for job_id in shown}
    for mark in stretch.marks:
        if mark.job_id in by_job:
            by_job[mark.job_id].append(mark_of(mark, stretch.until, zone))
    notes = []
    if len(order) > len(shown):
        notes.append(f"{counted(len(order) - len(shown), 'more job')} ran in this time.")
    if not stretch.is_complete:
        oldest = stretch.marks[-1].fire_time.astimezone(zone)
        notes.append(
            f"Only the newest {len(stretch.marks):,} runs are drawn, since {oldest:%a %H:%M}."
        )
    return TimelineValues(
        since_ms=epoch_ms(since) or 0,
        until_ms=epoch_ms(until) or 0,
        lanes=[
            Lane(job_id=job_id, name=names[job_id], marks=merged(by_job[job_id], until - since))
            for job_id in shown
        ],
        ticks=[(epoch_ms(at) or 0, words) for at, words in _ticks(since, until, step, zone)],
        note=" ".join(notes),
    )


def load_of(load: Load, *, timezone: str) -> LoadValues:
    """Return the coming day as it is shown, on the clock of `timezone`."""
    zone = load_zone(timezone)
    crowded = [
        (f"{at.astimezone(zone):%H:%M}", runs) for at, runs in load.most_crowded(_MOST_CROWDED)
    ]
    left_out = load.jobs - load.counted_jobs
    note = f"{counted(left_out, 'busy job')} not counted." if left_out else ""
    hours = [f"{(load.since + n * _DAY / 6).astimezone(zone):%H:%M}" for n in range(7)]
    return LoadValues(minutes=load.minutes, crowded=crowded, hours=hours, note=note)


def totals(stretch: Stretch) -> str:
    """Return in words how the runs of a stretch ended."""
    counts = Counter(mark.status.value for mark in stretch.marks)
    parts = [
        f"{number:,} {STATUS_WORDS[status].lower()}" for status, number in counts.most_common()
    ]
    return ", ".join(parts)


def _stepped(stretch: Stretch) -> datetime:
    """Return the end of a stretch, up to a two-hundredth of it later."""
    step = (stretch.until - stretch.since) / _STEPS
    return _EPOCH + -((_EPOCH - stretch.until) // step) * step


def _ticks(
    since: datetime, until: datetime, step: timedelta, zone: tzinfo
) -> Iterable[tuple[datetime, str]]:
    """Yield full hours (or days) of the zone's clock within the stretch, a step apart."""
    local = since.astimezone(zone)
    form = "%a %d" if step >= _DAY else "%H:%M"
    at = local.replace(hour=0, minute=0, second=0, microsecond=0)
    while at <= until:
        if at >= since:
            yield at, f"{at:{form}}"
        at += step
