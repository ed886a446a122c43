"""When cron expressions fire around changes of the clocks, minute by minute, apart from Cron++.

The rule is that of Vixie and Debian cron (cron(8)): an expression with a star as hour or minute
fires whenever the clock shows a matching time; any other fires once for a time that occurs
twice, and for the times that a change skips at once after it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """A span of time in which the clocks of `zone` do something remarkable."""

    zone: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """An expression of the simplest kind: each part is None for a star, or the values it names."""

    minutes: tuple[int, ...]
    hour: int | None = None
    day: int | None = None
    month: int | None = None

    @property
    def cron(self) -> str:
        """Return the expression."""
        minutes = ",".join(map(str, self.minutes))
        parts = (minutes, self.hour, self.day, self.month, None)
        return " ".join("*" if part is None else str(part) for part in parts)

    def names(self, wall: datetime) -> bool:
        """Return whether a clock that shows `wall` shows a matching time."""
        pairs = ((self.hour, wall.hour), (self.day, wall.day), (self.month, wall.month))
        return wall.minute in self.minutes and all(part in (None, shown) for part, shown in pairs)


def fire_times(rule: Rule, night: Night) -> Iterator[datetime]:
    """Yield the fire times of `rule` in `night`, both ends included, in order."""
    zone, moment = ZoneInfo(night.zone), night.since
    before = (moment - _MINUTE).astimezone(zone).replace(tzinfo=None)
    while moment <= night.until:
        local = moment.astimezone(zone)
        wall = local.replace(tzinfo=None)
        shown = [wall] if rule.hour is None or not local.fold else []
        if rule.hour is not None:
            shown += _minutes_between(before, wall)
        if any(rule.names(one) for one in shown):
            yield moment
        before, moment = wall, moment + _MINUTE


def _minutes_between(before: datetime, wall: datetime) -> Iterator[datetime]:
    skipped = before + _MINUTE
    while skipped < wall:
        yield skipped
        skipped += _MINUTE


def _night(zone: str, *change: int, hours: int = 9) -> Night:
    at, around = datetime(*change, tzinfo=UTC), timedelta(hours=hours)
    return Night(zone=zone, since=at - around, until=at + around)


NIGHTS = (
    _night("Europe/Berlin", 2025, 3, 30, 1),
    _night("Europe/Berlin", 2025, 10, 26, 1),
    _night("America/New_York", 2025, 3, 9, 7),
    _night("America/New_York", 2025, 11, 2, 6),
    _night("Australia/Lord_Howe", 2025, 4, 5, 15),  # by half an hour
    _night("Australia/Lord_Howe", 2025, 10, 4, 15, 30),
    _night("America/Sao_Paulo", 2018, 11, 4, 3),  # at midnight
    _night("UTC", 2024, 2, 29, hours=36),  # a leap day
    _night("Asia/Kathmandu", 2024, 2, 29, hours=36),
)
RULES = (
    Rule(minutes=(0, 15, 30, 45)),
    Rule(minutes=(30,)),
    Rule(minutes=(30,), hour=2),
    Rule(minutes=(0,), hour=2),
    Rule(minutes=(10, 40), hour=1),
    Rule(minutes=(0,), hour=0),
    Rule(minutes=(59,), hour=23),
    Rule(minutes=(0,), hour=0, day=29, month=2),
    Rule(minutes=(0,), hour=0, day=1, month=3),
)
