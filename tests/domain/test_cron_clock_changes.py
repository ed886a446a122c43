"""Fire times around clock changes, against a clock that is read minute by minute in real time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cronpp_app.domain.schedules import CronSchedule, count_fires, fires_after, latest_fire
from cronpp_app.domain.zones import load_zone

MINUTE = timedelta(minutes=1)
SPAN = timedelta(hours=40)

# A zone and a moment (UTC) within a day of one of its clock changes.
CLOCK_CHANGES = [
    ("Europe/Berlin", "2027-03-28T01:00Z"),
    ("Europe/Berlin", "2027-10-31T01:00Z"),
    ("America/New_York", "2026-03-08T07:00Z"),
    ("America/New_York", "2026-11-01T06:00Z"),
    ("Australia/Lord_Howe", "2025-04-05T15:00Z"),
    ("Australia/Lord_Howe", "2025-10-04T15:30Z"),
    ("Antarctica/Troll", "2026-03-29T01:00Z"),
    ("Antarctica/Troll", "2026-10-25T01:00Z"),
    ("America/Sao_Paulo", "2018-11-04T03:00Z"),
    ("America/Sao_Paulo", "2018-02-18T02:00Z"),
    ("Asia/Beirut", "2024-03-30T22:00Z"),
    ("Africa/Cairo", "2024-10-31T21:00Z"),
    ("America/Goose_Bay", "2010-11-07T03:00Z"),
    ("America/Goose_Bay", "2011-03-13T04:00Z"),
    ("America/Caracas", "2016-05-01T07:00Z"),
    ("Asia/Pyongyang", "2018-05-04T15:00Z"),
    ("Pacific/Apia", "2011-12-30T10:00Z"),
    ("Africa/Casablanca", "2026-03-22T02:00Z"),
    ("Asia/Manila", "1990-07-29T00:00Z"),
    ("Europe/Samara", "2010-03-27T23:00Z"),
    ("Asia/Kathmandu", "1985-12-31T19:00Z"),
]


@dataclass(frozen=True)
class Times:
    """Minutes and hours as typed and as numbers; days are left open."""

    text: str
    minutes: frozenset[int]
    hours: frozenset[int]
    follows_clock: bool


@lru_cache
def clock_readings(zone: str, start: datetime) -> tuple[tuple[datetime, datetime], ...]:
    """Every real minute of the span, with what the clock on the wall shows."""
    clock = load_zone(zone)
    minutes = int(SPAN / MINUTE)
    moments = [start + n * MINUTE for n in range(minutes)]
    return tuple((moment, moment.astimezone(clock).replace(tzinfo=None)) for moment in moments)


def watched_fires(times: Times, zone: str, start: datetime) -> Iterator[datetime]:
    """What a patient person with the crontab(5) of Debian would note down."""

    def matches(wall: datetime) -> bool:
        return wall.minute in times.minutes and wall.hour in times.hours

    seen: set[datetime] = set()
    last_wall = None
    for moment, wall in clock_readings(zone, start):
        jump = wall - last_wall - MINUTE if last_wall else timedelta(0)
        fires = matches(wall) and (times.follows_clock or wall not in seen)
        if not times.follows_clock and last_wall and timedelta(0) < jump <= timedelta(hours=3):
            skipped = (last_wall + n * MINUTE for n in range(1, int(jump / MINUTE) + 1))
            fires = fires or any(matches(missing) for missing in skipped)
        if fires:
            yield moment
        seen.add(wall)
        last_wall = wall


@st.composite
def numbers(draw: st.DrawFn, size: int, busy: int) -> tuple[str, frozenset[int]]:
    kind = draw(st.sampled_from(["list", "list", "range", "step", "star step", "star", "from"]))
    low = draw(st.integers(0, busy - 1))
    high = draw(st.integers(low, size - 1))
    step = draw(st.integers(1, size + 5))
    match kind:
        case "list":
            chosen = draw(st.lists(st.integers(0, busy - 1), min_size=1, max_size=4, unique=True))
            return ",".join(map(str, chosen)), frozenset(chosen)
        case "range":
            return f"{low}-{high}", frozenset(range(low, high + 1))
        case "step":
            return f"{low}-{high}/{step}", frozenset(range(low, high + 1, step))
        case "from":
            return f"{low}/{step}", frozenset(range(low, size, step))
        case "star step":
            return f"*/{step}", frozenset(range(0, size, step))
        case _:
            return "*", frozenset(range(size))


@st.composite
def times_of_day(draw: st.DrawFn) -> Times:
    minute, minutes = draw(numbers(60, busy=60))
    hour, hours = draw(
        st.one_of(numbers(24, busy=24), numbers(24, busy=4))
    )  # clocks change at night
    return Times(
        text=f"{minute} {hour} * * *",
        minutes=minutes,
        hours=hours,
        follows_clock=minute.startswith("*") or hour.startswith("*"),
    )


# The watch begins 28 hours early: it has seen the walls of a day before the change.
changes = st.sampled_from(
    [(zone, datetime.fromisoformat(at) - timedelta(hours=28)) for zone, at in CLOCK_CHANGES]
)


@given(times=times_of_day(), change=changes)
@settings(derandomize=True, max_examples=300, deadline=None, database=None)
def test_fire_times_are_those_a_watched_clock_gives(
    times: Times, change: tuple[str, datetime]
) -> None:
    zone, start = change
    expected = list(watched_fires(times, zone, start))[1:]
    if not expected:
        return
    schedule = CronSchedule(cron=times.text, timezone=zone)
    after = next(watched_fires(times, zone, start))
    assert list(islice(fires_after(schedule, after=after), len(expected))) == expected


@given(times=times_of_day(), change=changes, offsets=st.tuples(*[st.integers(0, 2399)] * 2))
@settings(derandomize=True, max_examples=200, deadline=None, database=None)
def test_counting_and_looking_back_agree_with_a_watched_clock(
    times: Times, change: tuple[str, datetime], offsets: tuple[int, int]
) -> None:
    zone, start = change
    since, until = (start + n * MINUTE for n in sorted(offsets))
    watched = [f for f in watched_fires(times, zone, start) if since < f <= until]
    schedule = CronSchedule(cron=times.text, timezone=zone)
    assert count_fires(schedule, after=since, until=until, limit=10_000) == len(watched)
    assert latest_fire(schedule, since=since, until=until) == (watched[-1] if watched else None)


@pytest.mark.parametrize("offset_seconds", [0, 1, 30, 59])
def test_it_does_not_matter_at_which_second_one_asks(offset_seconds: int) -> None:
    schedule = CronSchedule(cron="30 2 * * *", timezone="Europe/Berlin")
    asked = datetime(2027, 3, 27, 1, 30, offset_seconds, 999_000, tzinfo=UTC)
    assert next(fires_after(schedule, after=asked)) == datetime(2027, 3, 28, 1, 0, tzinfo=UTC)


def test_a_catch_up_and_a_planned_fire_at_the_same_instant_are_one() -> None:
    schedule = CronSchedule(cron="0 2,3 * * *", timezone="Europe/Berlin")
    midnight = datetime(2027, 3, 27, 23, 0, tzinfo=UTC)
    three_in_summer_time = datetime(2027, 3, 28, 1, 0, tzinfo=UTC)
    tomorrow = midnight + timedelta(hours=23)
    fires = list(islice(fires_after(schedule, after=midnight), 2))
    assert fires == [three_in_summer_time, datetime(2027, 3, 29, 0, 0, tzinfo=UTC)]
    assert count_fires(schedule, after=midnight, until=tomorrow, limit=10) == 1
