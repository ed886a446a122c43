"""Which days an expression names, against a calendar that is read day by day."""

from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import islice

import pytest
from cronsim import CronSim
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cronpp_app.domain.cron import InvalidCron, check_cron, parse_cron
from cronpp_app.domain.cron_days import next_day
from cronpp_app.domain.schedules import CronSchedule, fires_after

ONE_DAY = timedelta(days=1)
NAMES = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
Matches = Callable[[date], bool]
Field = tuple[str, Matches]


def last_of_month(day: date) -> int:
    return monthrange(day.year, day.month)[1]


def weekday_of(day: date) -> int:
    return day.isoweekday() % 7


def nearest_workday(day: date, number: int) -> date:
    """The workday nearest to `number` without leaving the month of `day`."""
    wanted = day.replace(day=min(number, last_of_month(day)))
    near = sorted(range(-2, 3), key=lambda days: (abs(days), days))
    candidates = [wanted + days * ONE_DAY for days in near]
    return next(c for c in candidates if c.month == day.month and c.isoweekday() <= 5)


def any_of(items: list[Field]) -> Field:
    texts, matches = zip(*items, strict=True)
    return ",".join(texts), lambda day: any(match(day) for match in matches)


numbers_of_month = st.integers(1, 31)
month_items = st.one_of(
    numbers_of_month.map(lambda n: (str(n), lambda day: day.day == n)),
    numbers_of_month.map(lambda n: (f"{n}W", lambda day: day == nearest_workday(day, n))),
    st.just(("L", lambda day: day.day == last_of_month(day))),
    st.just(("LW", lambda day: day == nearest_workday(day, 31))),
    st.tuples(numbers_of_month, numbers_of_month)
    .map(sorted)
    .map(lambda ends: (f"{ends[0]}-{ends[1]}", lambda day: ends[0] <= day.day <= ends[1])),
)
weekdays = st.integers(0, 7)
weekday_items = st.one_of(
    weekdays.map(lambda n: (str(n), lambda day: weekday_of(day) == n % 7)),
    st.integers(0, 6).map(lambda n: (NAMES[n].lower(), lambda day: weekday_of(day) == n)),
    weekdays.map(
        lambda n: (f"{n}L", lambda d: weekday_of(d) == n % 7 and d.day + 7 > last_of_month(d))
    ),
    st.tuples(weekdays, st.integers(1, 5)).map(
        lambda nth: (
            f"{nth[0]}#{nth[1]}",
            lambda day: weekday_of(day) == nth[0] % 7 and (day.day + 6) // 7 == nth[1],
        )
    ),
)
steps = st.integers(1, 40)
days_of_month = st.one_of(
    st.lists(month_items, min_size=1, max_size=3).map(any_of),
    steps.map(lambda n: (f"*/{n}", lambda day: (day.day - 1) % n == 0)),
    st.sampled_from([("*", lambda day: True), ("?", lambda day: True)]),
)
days_of_week = st.one_of(
    st.lists(weekday_items, min_size=1, max_size=3).map(any_of),
    steps.map(lambda n: (f"*/{n}", lambda day: weekday_of(day) % n == 0)),
    st.sampled_from([("*", lambda day: True), ("?", lambda day: True)]),
)
months = st.one_of(
    st.just(("*", lambda day: True)),
    st.integers(1, 12).map(lambda n: (str(n), lambda day: day.month == n)),
    steps.map(lambda n: (f"*/{n}", lambda day: (day.month - 1) % n == 0)),
)


@given(
    day=days_of_month,
    month=months,
    weekday=days_of_week,
    start=st.dates(date(2000, 1, 1), date(2090, 1, 1)),
)
@settings(derandomize=True, max_examples=300, deadline=None, database=None)
def test_days_are_those_of_a_calendar_read_day_by_day(
    day: Field, month: Field, weekday: Field, start: date
) -> None:
    both = day[0][0] in "*?" or weekday[0][0] in "*?"
    combine = all if both else any
    try:
        rule = parse_cron(f"0 0 {day[0]} {month[0]} {weekday[0]}").days
    except InvalidCron:
        assume(False)
    found: list[date] = []
    asked = start
    while len(found) < 4 and (following := next_day(rule, asked)) is not None:
        found.append(following)
        asked = following + ONE_DAY
    span = (start + n * ONE_DAY for n in range((found[-1] - start).days + 1))
    expected = [d for d in span if month[1](d) and combine((day[1](d), weekday[1](d)))]
    assert found == expected


def plain_field(low: int, high: int) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    pair = st.tuples(number, number).map(sorted)
    return st.one_of(
        st.just("*"),
        st.lists(number, min_size=1, max_size=3).map(lambda ns: ",".join(map(str, ns))),
        pair.map(lambda ends: f"{ends[0]}-{ends[1]}"),
        st.integers(1, high).map(lambda step: f"*/{step}"),
        st.tuples(pair, st.integers(1, high)).map(lambda r: f"{r[0][0]}-{r[0][1]}/{r[1]}"),
    )


expressions = st.tuples(
    plain_field(0, 59),
    plain_field(0, 59),
    plain_field(0, 23),
    plain_field(1, 28),
    plain_field(1, 12),
    plain_field(0, 6),
).map(" ".join)


@given(
    text=expressions,
    start=st.datetimes(datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2080-01-01")),
)
@settings(derandomize=True, max_examples=200, deadline=None, database=None)
def test_cronsim_gives_the_same_fire_times_where_clocks_do_not_change(
    text: str, start: datetime
) -> None:
    try:
        schedule = CronSchedule(cron=check_cron(text))
    except InvalidCron:
        assume(False)
    after = start.replace(tzinfo=UTC)
    # cronsim 2.8 takes a step in `from-to/step` of one value for `from/step`; we do not.
    assume(not any("-" in f and len(set(f.split("/")[0].split("-"))) == 1 for f in text.split()))
    assert list(islice(fires_after(schedule, after=after), 5)) == list(
        islice(CronSim(text, after), 5)
    )


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("0 0 31 12 *", "2027-12-31"),
        ("0 0 29 2 *", "2028-02-29"),
        ("0 0 31W 2 *", "2027-02-26"),
        ("0 0 LW 5 *", "2027-05-31"),
        ("0 0 L 2 *", "2027-02-28"),
        ("0 0 * 1 fri#5", "2027-01-29"),
        ("0 0 * * fri-sun", "2027-01-01"),
        ("0 0 * 2 6-0", "2027-02-06"),
    ],
)
def test_the_next_such_day_of_2027_or_later(text: str, day: str) -> None:
    assert next_day(parse_cron(text).days, date(2027, 1, 1)) == date.fromisoformat(day)


def test_a_leap_day_is_found_across_a_century_without_one() -> None:
    rule = parse_cron("0 0 29 2 *").days
    assert next_day(rule, date(2096, 3, 1)) == date(2104, 2, 29)
