"""Schedules as values: next, latest, how many, and the jitter of runs."""

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cronpp_app.domain.schedules import (
    CronSchedule,
    IntervalSchedule,
    OnceSchedule,
    Schedule,
    count_fires,
    fires_after,
    latest_fire,
    next_fire,
    preview_notes,
    start_offset,
)

NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
MS = timedelta(milliseconds=1)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def test_a_cron_schedule_that_ended_before_it_began_never_fires() -> None:
    never = CronSchedule(cron="0 * * * *", start_at=NOON, end_at=NOON - DAY)
    assert next_fire(never, after=NOON - 2 * DAY) is None
    assert count_fires(never, after=NOON - 2 * DAY, until=NOON + DAY, limit=10) == 0


def test_once_is_once() -> None:
    once = OnceSchedule(run_at=NOON)
    assert list(fires_after(once, after=NOON - MS)) == [NOON]
    assert next_fire(once, after=NOON) is None
    assert latest_fire(once, since=NOON - DAY, until=NOON + DAY) == NOON
    assert latest_fire(once, since=NOON, until=NOON + DAY) is None
    assert count_fires(once, after=NOON - MS, until=NOON, limit=5) == 1
    assert count_fires(once, after=NOON, until=NOON + DAY, limit=5) == 0


def test_far_in_the_future_there_is_no_fire_time_and_no_error() -> None:
    end = datetime.max.replace(tzinfo=UTC)
    assert next_fire(CronSchedule(cron="* * * * *"), after=end) is None


def test_a_year_of_a_job_that_fires_each_second_is_counted_without_walking_it() -> None:
    every_second = CronSchedule(cron="* * * * * *", timezone="Europe/Berlin")
    year = timedelta(days=365)
    assert count_fires(every_second, after=NOON - year, until=NOON, limit=10**9) == 365 * 86_400
    assert count_fires(every_second, after=NOON - year, until=NOON, limit=10_000) == 10_000
    assert latest_fire(every_second, since=NOON - year, until=NOON + MS) == NOON


def test_the_latest_fire_may_lie_years_back() -> None:
    leap_day = CronSchedule(cron="0 0 29 2 *")
    found = latest_fire(leap_day, since=NOON - 3 * 365 * DAY, until=NOON)
    assert found == datetime(2024, 2, 29, tzinfo=UTC)
    assert latest_fire(leap_day, since=NOON - 365 * DAY, until=NOON) is None


schedules = st.one_of(
    st.sampled_from(
        ["*/5 * * * *", "30 2 * * *", "0 9 * * 1-5", "*/20 * * * * *", "0 0 1 * *"]
    ).flatmap(
        lambda cron: st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns"]).map(
            lambda zone: CronSchedule(
                cron=cron, timezone=zone, start_at=NOON - 90 * DAY, end_at=NOON + 200 * DAY
            )
        )
    ),
    st.integers(1, 400_000).map(
        lambda n: IntervalSchedule(
            every=timedelta(seconds=n), start_at=NOON - 3 * DAY, end_at=NOON + 9 * DAY
        )
    ),
    st.integers(-100, 100).map(lambda n: OnceSchedule(run_at=NOON + n * HOUR)),
)
moments = st.integers(-400_000, 400_000).map(lambda n: NOON + n * SECOND)


@given(schedule=schedules, since=moments, span=st.integers(0, 20_000))
@settings(derandomize=True, max_examples=120, deadline=None, database=None)
def test_latest_and_count_agree_with_walking(
    schedule: Schedule, since: datetime, span: int
) -> None:
    until = since + span * SECOND
    walked = []
    for fire in fires_after(schedule, after=since):
        if fire > until:
            break
        walked.append(fire)
    assert walked == sorted(set(walked))
    assert latest_fire(schedule, since=since, until=until) == (walked[-1] if walked else None)
    assert count_fires(schedule, after=since, until=until, limit=10**6) == len(walked)


def test_jitter_is_the_same_for_everybody_and_stays_below_its_limit() -> None:
    schedule = CronSchedule(cron="* * * * *", jitter_seconds=30)
    fires = list(islice(fires_after(schedule, after=NOON), 500))
    offsets = [start_offset(schedule, job_id="job-1", fire_time=fire) for fire in fires]
    assert offsets == [start_offset(schedule, job_id="job-1", fire_time=fire) for fire in fires]
    assert all(timedelta(0) <= offset < timedelta(seconds=30) for offset in offsets)
    mean = sum(offsets, timedelta(0)) / len(offsets)
    assert timedelta(seconds=13) < mean < timedelta(seconds=17)


def test_jitter_differs_between_jobs() -> None:
    schedule = CronSchedule(cron="* * * * *", jitter_seconds=3600)
    offsets = {start_offset(schedule, job_id=f"job-{n}", fire_time=NOON) for n in range(100)}
    assert len(offsets) > 95


@pytest.mark.parametrize(
    "schedule",
    [
        CronSchedule(cron="* * * * *"),
        IntervalSchedule(every=HOUR, start_at=NOON),
        OnceSchedule(run_at=NOON),
    ],
)
def test_without_jitter_a_run_is_due_at_its_fire_time(schedule: Schedule) -> None:
    assert start_offset(schedule, job_id="job-1", fire_time=NOON) == timedelta(0)


NOTES = [
    (
        "30 2 * * *",
        "Europe/Berlin",
        [
            "On 28 March 2027 02:30 does not exist in Europe/Berlin; "
            "the job fires at 03:00 instead.",
            "On 31 October 2027 02:30 exists twice in Europe/Berlin; "
            "the job fires on the first pass only.",
        ],
    ),
    (
        "0,30 1-3 * * *",
        "Europe/Berlin",
        [
            "On 28 March 2027 02:00 and 02:30 do not exist in Europe/Berlin; "
            "the job fires once, at 03:00 instead.",
            "On 31 October 2027 02:00 and 02:30 exist twice in Europe/Berlin; "
            "the job fires on the first pass only.",
        ],
    ),
    (
        "*/15 * * * *",
        "Europe/Berlin",
        [
            "On 28 March 2027 the times from 02:00 to 02:45 do not exist in Europe/Berlin; "
            "the job goes on at the next matching time.",
            "On 31 October 2027 the times from 02:00 to 02:45 exist twice in Europe/Berlin; "
            "the job fires in both passes.",
        ],
    ),
    ("0 12 * * *", "Europe/Berlin", []),
    ("30 2 * * *", "Asia/Tokyo", []),
    (
        "0 0 29 2 *",
        "UTC",
        [
            "This schedule fires rarely: after 29 February 2028 its next time is on "
            "29 February 2032."
        ],
    ),
    (
        "*/90 * * * *",
        "UTC",
        ['"*/90" in the minute field means minute 0 only: a step of 90 never leaves the hour.'],
    ),
    (
        "*/7 * * * *",
        "UTC",
        [
            '"*/7" in the minute field starts anew with every hour: '
            "the last step is 4 minutes, not 7."
        ],
    ),
]


@pytest.mark.parametrize(("cron", "zone", "notes"), NOTES)
def test_a_preview_names_what_may_surprise(cron: str, zone: str, notes: list[str]) -> None:
    schedule = CronSchedule(cron=cron, timezone=zone)
    fires = list(islice(fires_after(schedule, after=NOON), 5))
    assert list(preview_notes(schedule, fires)) == notes


GAP = "On 28 March 2027 02:30 does not exist in Europe/Berlin; the job fires at 03:30 instead."
TWICE = "On 31 October 2027 02:30 exists twice in Europe/Berlin; the job fires on the {} pass."


@pytest.mark.parametrize(
    ("run_at", "notes"),
    [
        ("2027-03-28T00:59:59+00:00", []),
        ("2027-03-28T01:30:00+00:00", [GAP]),
        ("2027-03-28T02:00:00+00:00", []),
        ("2027-10-30T23:59:59+00:00", []),
        ("2027-10-31T00:30:00+00:00", [TWICE.format("first")]),
        ("2027-10-31T01:30:00+00:00", [TWICE.format("second")]),
        ("2027-10-31T02:00:00+00:00", []),
    ],
)
def test_a_one_off_in_a_change_of_clocks_says_what_comes_of_it(
    run_at: str, notes: list[str]
) -> None:
    schedule = OnceSchedule(run_at=datetime.fromisoformat(run_at), timezone="Europe/Berlin")
    assert list(preview_notes(schedule, [schedule.run_at])) == notes


def test_a_preview_says_when_nothing_is_left() -> None:
    assert preview_notes(OnceSchedule(run_at=NOON), []) == (
        "This schedule has no fire times left.",
    )


def test_no_clock_change_is_named_after_the_end_of_a_schedule() -> None:
    schedule = CronSchedule(cron="30 2 * * *", timezone="Europe/Berlin", end_at=NOON + 30 * DAY)
    fires = list(islice(fires_after(schedule, after=NOON), 5))
    assert preview_notes(schedule, fires) == ()


def test_a_day_left_out_of_the_calendar_is_not_caught_up() -> None:
    schedule = CronSchedule(cron="0 12 * * *", timezone="Pacific/Apia")
    fires = list(islice(fires_after(schedule, after=datetime(2011, 12, 29, tzinfo=UTC)), 2))
    assert fires[1] - fires[0] == DAY  # 29 December, then 31 December
    assert preview_notes(schedule, fires)[0] == (
        "On 30 December 2011 12:00 does not exist in Pacific/Apia; "
        "the job goes on at the next matching time."
    )
