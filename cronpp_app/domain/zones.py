"""Time zones: which names are known, and when their clocks change.

Zones are read from the pinned `tzdata` package, never from the machine, so that all workers
agree about the future.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

import tzdata  # type: ignore[import-untyped]

# Listed by the database, but not places: the machine's own zone, a placeholder, a rule set.
_NOT_PLACES = frozenset({"localtime", "Factory", "posixrules"})
_SAMPLE = timedelta(hours=12)
# The longest repetition on record lasts 23 hours (Kwajalein, 1969); see `_periods`.
_LOOK_BACK = timedelta(days=2)
_SECOND = timedelta(seconds=1)
# Beyond it, arithmetic would run into the end of Python's calendar.
LAST_YEAR = 9997


class InvalidZone(ValueError):
    """A time zone was refused; the message says what to give instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A time during which a zone's offset from UTC stays the same.

    `starts_at` (inclusive) and `ends_at` (exclusive) are naive UTC; `offset` holds in between,
    `previous_offset` just before. Long periods are cut at the turn of the year.
    """

    starts_at: datetime
    ends_at: datetime
    offset: timedelta
    previous_offset: timedelta


@lru_cache(maxsize=1)
def known_zones() -> tuple[str, ...]:
    """Return the IANA names a schedule may use, in alphabetical order."""
    names = resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
    return tuple(sorted(set(names) - _NOT_PLACES))


@lru_cache(maxsize=1)
def _known_names() -> frozenset[str]:
    return frozenset(known_zones())


def zone_data_version() -> str:
    """Return the version of the time zone database in use, like 2026f."""
    return str(tzdata.IANA_VERSION)


def check_timezone(name: str) -> str:
    """Return `name` if it is a known IANA name; raise InvalidZone, with a remedy, if not."""
    if isinstance(name, str) and name in _known_names():
        return name
    if not isinstance(name, str) or not name:
        raise InvalidZone("The time zone must be an IANA name, like Europe/Berlin or UTC.")
    shown = name if len(name) <= 60 else name[:60] + "..."
    raise InvalidZone(f'The time zone "{shown}" is not known; {_remedy(name)}')


def _remedy(name: str) -> str:
    by_lower = {known.lower(): known for known in known_zones()}
    close = get_close_matches(name[:60].lower(), by_lower, n=1, cutoff=0.8)
    if close:
        return f"did you mean {by_lower[close[0]]}?"
    return "give an IANA name of a place, like Europe/Berlin, Asia/Kolkata or UTC."


@lru_cache(maxsize=1024)
def load_zone(name: str) -> ZoneInfo:
    """Return the zone called `name`; raise InvalidZone if it is not known."""
    source = resources.files("tzdata").joinpath("zoneinfo", *check_timezone(name).split("/"))
    with source.open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def periods_from(name: str, moment: datetime) -> Iterator[Period]:
    """Yield the periods of the zone called `name`, from the one that holds `moment` (naive UTC).

    Each starts where the one before ended, up to the end of the calendar.
    """
    for year in range(moment.year, LAST_YEAR + 1):
        starts, periods = _periods(name, year)
        first = bisect_right(starts, moment) - 1 if year == moment.year else _first_of(year, starts)
        yield from periods[first:]


def _first_of(year: int, starts: tuple[datetime, ...]) -> int:
    return bisect_right(starts, _new_year(year)) - 1


def _new_year(year: int) -> datetime:
    return datetime.combine(date(year, 1, 1), time())


@lru_cache(maxsize=8192)
def _periods(name: str, year: int) -> tuple[tuple[datetime, ...], tuple[Period, ...]]:
    """Return the starts of the year's periods, and the periods.

    The first may start up to two days before the year: what a change of clocks repeats must not
    be cut in two by New Year.
    """
    end = _new_year(year + 1)
    first = _new_year(year) - _LOOK_BACK
    zone = load_zone(name)
    changes = list(_changes(zone, since=first, until=end))
    starts = [first, *changes]
    ends = [*changes, end]
    periods = tuple(
        Period(
            starts_at=start,
            ends_at=stop,
            offset=_offset(zone, start),
            previous_offset=_offset(zone, start - _SECOND),
        )
        for start, stop in zip(starts, ends, strict=True)
    )
    return tuple(starts), periods


def _changes(zone: ZoneInfo, *, since: datetime, until: datetime) -> Iterator[datetime]:
    """Yield when, in (since, until), the offset of `zone` becomes another one."""
    moment, offset = since, _offset(zone, since)
    while moment < until:
        following = min(moment + _SAMPLE, until - _SECOND)
        if following <= moment:
            return
        if (new := _offset(zone, following)) != offset:
            yield _first_with_other_offset(zone, moment, following)
            offset = new
        moment = following


def _first_with_other_offset(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    old = _offset(zone, before)
    while after - before > _SECOND:
        middle = before + timedelta(seconds=int((after - before).total_seconds()) // 2)
        before, after = (middle, after) if _offset(zone, middle) == old else (before, middle)
    return after


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    offset = moment.replace(tzinfo=UTC).astimezone(zone).utcoffset()
    assert offset is not None  # noqa: S101 - a zone always has one
    return offset
