"""When a cron expression fires: from local times to instants, clock changes included.

The rule is that of Vixie and Debian cron (cron(8)). A fixed-time job fires once for the times
a clock change skips, at the first instant after it, and only the first time a time occurs; a
wildcard job fires whenever the clock shows a matching time. A clock put forward by more than
three hours is a correction of the calendar: what it skips is dropped.
"""

from bisect import bisect_left
from datetime import datetime, time, timedelta

from cronpp_app.domain.cron import CronExpression
from cronpp_app.domain.cron_days import next_day
from cronpp_app.domain.zones import LAST_YEAR, Period, periods_from

LONGEST_GAP = timedelta(hours=3)
_SECOND = timedelta(seconds=1)
_ONE_DAY = timedelta(days=1)


def next_cron_fire(cron: CronExpression, zone: str, *, after: datetime) -> datetime | None:
    """Return the first instant after `after` at which `cron` fires in `zone`; both naive UTC.

    Returns None if there is none within nine years.
    """
    if after.year > LAST_YEAR:
        return None
    earliest = after.replace(microsecond=0) + _SECOND
    walls = _Walls(cron)
    for period in periods_from(zone, earliest):
        if _catches_up(cron, walls, period, earliest):
            return period.starts_at
        wall = walls.at_or_after(first_wall_of(cron, period, earliest))
        if wall is None:
            return None
        if wall - period.offset < period.ends_at:
            return wall - period.offset
        earliest = period.ends_at
    return None


def first_wall_of(cron: CronExpression, period: Period, earliest: datetime) -> datetime:
    """Return the local time from which on `cron` can fire in `period`, not before `earliest`."""
    lower = max(earliest, period.starts_at) + period.offset
    if cron.follows_clock:
        return lower
    # What this period repeats has fired in the one before.
    return max(lower, period.starts_at + period.previous_offset)


def catches_up(cron: CronExpression, period: Period, earliest: datetime) -> bool:
    """Return whether `cron` fires at the start of `period` for times the clock skipped there."""
    return _catches_up(cron, _Walls(cron), period, earliest)


def next_wall(cron: CronExpression, at_or_after: datetime) -> datetime | None:
    """Return the first naive local time from `at_or_after` on that `cron` names, or None."""
    today = at_or_after.date()
    day = next_day(cron.days, today)
    if day == today:
        found = _next_time(cron, at_or_after)
        if found is not None:
            return at_or_after.replace(hour=found[0], minute=found[1], second=found[2])
        day = next_day(cron.days, today + _ONE_DAY)
    if day is None:
        return None
    hour, minute, second = cron.hour.values[0], cron.minute.values[0], cron.second.values[0]
    return datetime.combine(day, time(hour, minute, second))


class _Walls:
    """The local times of an expression, asked for in rising order; the last answer is kept."""

    __slots__ = ("_asked", "_cron", "_found")

    def __init__(self, cron: CronExpression) -> None:
        self._cron = cron
        self._asked: datetime | None = None
        self._found: datetime | None = None

    def at_or_after(self, moment: datetime) -> datetime | None:
        asked, found = self._asked, self._found
        if asked is not None and found is not None and asked <= moment <= found:
            return found
        self._asked, self._found = moment, next_wall(self._cron, moment)
        return self._found


def _catches_up(cron: CronExpression, walls: _Walls, period: Period, earliest: datetime) -> bool:
    """Return whether a fixed-time job fires at the start of `period` for times skipped there."""
    gap = period.offset - period.previous_offset
    if cron.follows_clock or period.starts_at < earliest or not timedelta(0) < gap <= LONGEST_GAP:
        return False
    skipped = walls.at_or_after(period.starts_at + period.previous_offset)
    return skipped is not None and skipped < period.starts_at + period.offset


def _next_time(cron: CronExpression, moment: datetime) -> tuple[int, int, int] | None:
    """Return the first time of day from that of `moment` on, or None if the day has no more."""
    hours, minutes, seconds = cron.hour.values, cron.minute.values, cron.second.values
    hour, minute, second = moment.hour, moment.minute, moment.second
    if hour in hours:
        if minute in minutes:
            place = bisect_left(seconds, second)
            if place < len(seconds):
                return hour, minute, seconds[place]
        place = bisect_left(minutes, minute + 1)
        if place < len(minutes):
            return hour, minutes[place], seconds[0]
    place = bisect_left(hours, hour + 1)
    if place < len(hours):
        return hours[place], minutes[0], seconds[0]
    return None
