"""What a person should know before trusting a schedule: clock changes, rare days, odd steps."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from cronpp_app.domain.cron import CronExpression, parse_cron
from cronpp_app.domain.cron_fields import DAY, HOUR, MINUTE, SECOND, CronField
from cronpp_app.domain.cron_fires import LONGEST_GAP, next_cron_fire, next_wall
from cronpp_app.domain.cron_words import listed
from cronpp_app.domain.descriptions import day_of, time_of
from cronpp_app.domain.schedule_kinds import CronSchedule, OnceSchedule, Schedule
from cronpp_app.domain.zones import Period, periods_from

# A year and a month, so that the preview always shows one spring and one autumn.
_OUTLOOK = timedelta(days=396)
_RARE = timedelta(days=366)
_DAY = timedelta(days=1)
_LISTED_TIMES = 3
_SECOND = timedelta(seconds=1)


def preview_notes(schedule: Schedule, fires: Sequence[datetime]) -> tuple[str, ...]:
    """Return what is worth knowing about the coming fire times `fires` of `schedule`.

    Names the clock changes of the next thirteen months that the schedule meets, by date and
    time; days that come rarely; and steps that do not do what they seem to. `fires` are the
    next fire times in order, aware UTC.
    """
    if not fires:
        return ("This schedule has no fire times left.",)
    if isinstance(schedule, OnceSchedule):
        return tuple(_once_notes(schedule.timezone, fires[0].astimezone(UTC).replace(tzinfo=None)))
    if not isinstance(schedule, CronSchedule):
        return ()
    cron = parse_cron(schedule.cron)
    notes = [*_step_notes(cron), *_rare_notes(schedule, cron, fires)]
    for period in _clock_changes(schedule, since=fires[0]):
        note = _clock_note(cron, schedule.timezone, period)
        if note:
            notes.append(note)
    return tuple(notes)


def _once_notes(zone: str, moment: datetime) -> Iterator[str]:
    """Yield what a clock change makes of the local time that `moment` (naive UTC) is.

    Just after a gap, that may have been meant as a time that does not exist (PEP 495).
    """
    for period in periods_from(zone, moment - _DAY):
        change = period.offset - period.previous_offset
        if period.starts_at - abs(change) > moment:
            return
        if not change or period.starts_at + abs(change) <= moment:
            continue
        is_after = moment >= period.starts_at
        local = moment + (period.offset if is_after else period.previous_offset)
        if change < timedelta(0):
            which = "second" if is_after else "first"
            yield (
                f"On {day_of(local)} {time_of(local)} exists twice in {zone}; "
                f"the job fires on the {which} pass."
            )
        elif is_after:
            yield (
                f"On {day_of(local - change)} {time_of(local - change)} does not exist in {zone}; "
                f"the job fires at {time_of(local)} instead."
            )


def _clock_changes(schedule: CronSchedule, *, since: datetime) -> Iterator[Period]:
    """Yield the periods that start with a clock change while the schedule is in force."""
    first = since.astimezone(UTC).replace(tzinfo=None)
    last = first + _OUTLOOK
    if schedule.end_at is not None:
        last = min(last, schedule.end_at.astimezone(UTC).replace(tzinfo=None))
    for period in periods_from(schedule.timezone, first):
        if period.starts_at > last:
            return
        if period.starts_at >= first and period.offset != period.previous_offset:
            yield period


def _clock_note(cron: CronExpression, zone: str, period: Period) -> str | None:
    before = period.starts_at + period.previous_offset
    after = period.starts_at + period.offset
    start, end = min(before, after), max(before, after)
    first = next_wall(cron, start)
    if first is None or first >= end:
        return None
    second = next_wall(cron, first + _SECOND)
    many = second is not None and second < end
    times = _times(cron, first, end)
    if before < after:
        return _gap_note(cron, zone, times=times, many=many, gap=(before, after))
    passes = "in both passes" if cron.follows_clock else "on the first pass only"
    exist = "exist" if many else "exists"
    return f"On {day_of(first)} {times} {exist} twice in {zone}; the job fires {passes}."


def _gap_note(
    cron: CronExpression, zone: str, *, times: str, many: bool, gap: tuple[datetime, datetime]
) -> str:
    before, after = gap
    do = "do" if many else "does"
    start = f"On {day_of(before)} {times} {do} not exist in {zone}; the job"
    if cron.follows_clock or after - before > LONGEST_GAP:
        return f"{start} goes on at the next matching time."
    day = "" if before.date() == after.date() else f" on {day_of(after)}"
    once = "once, " if many else ""
    return f"{start} fires {once}at {time_of(after)}{day} instead."


def _times(cron: CronExpression, first: datetime, end: datetime) -> str:
    """Return the local times of `cron` from `first` up to `end`: each, or the span if many."""
    walls: list[datetime] = []
    wall: datetime | None = first
    while wall is not None and wall < end:
        if len(walls) == _LISTED_TIMES:
            return f"the times from {time_of(first)} to {time_of(_last_wall(cron, end))}"
        walls.append(wall)
        wall = next_wall(cron, wall + _SECOND)
    return listed([time_of(wall) for wall in walls])


def _last_wall(cron: CronExpression, end: datetime) -> datetime:
    """Return the last local time of `cron` before `end`; there must be one."""
    window = _SECOND
    while (wall := next_wall(cron, end - window)) is None or wall >= end:
        window *= 2
    while (following := next_wall(cron, wall + _SECOND)) is not None and following < end:
        wall = following
    return wall


def _rare_notes(
    schedule: CronSchedule, cron: CronExpression, fires: Sequence[datetime]
) -> Iterator[str]:
    first = fires[0].astimezone(UTC).replace(tzinfo=None)
    second = next_cron_fire(cron, schedule.timezone, after=first)
    if second is None or second - first <= _RARE:
        return
    yield (
        f"This schedule fires rarely: after {day_of(first)} its next time is on {day_of(second)}."
    )


def _step_notes(cron: CronExpression) -> Iterator[str]:
    for field, rule, whole in (
        (cron.second, SECOND, "minute"),
        (cron.minute, MINUTE, "hour"),
        (cron.hour, HOUR, "day"),
        (cron.day, DAY, "month"),
    ):
        if not field.text.startswith("*/"):
            continue
        span = rule.high - rule.low + 1
        yield from _step_note(field, rule.low, span=span, whole=whole)


def _step_note(field: CronField, low: int, *, span: int, whole: str) -> Iterator[str]:
    step = field.text[2:]
    if len(field.values) == 1:
        yield (
            f'"{field.text}" in the {field.name} field means {field.name} {low} only: '
            f"a step of {step} never leaves the {whole}."
        )
    elif field.name != DAY.name and len({b - a for a, b in pairwise(field.values)}) == 1:
        rest = span - field.values[-1]
        if rest != field.values[1]:
            yield (
                f'"{field.text}" in the {field.name} field starts anew with every {whole}: '
                f"the last step is {rest} {field.name}s, not {step}."
            )
