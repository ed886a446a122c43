from datetime import timedelta

import pytest

from cronpp_app.domain.load import CalmerMinute, Load, calmer_minute, load_by_minute
from cronpp_app.domain.schedules import CronSchedule, IntervalSchedule, OnceSchedule
from tests.factories import NOON

HOUR = 60


def test_runs_are_counted_by_the_minute_they_are_due_in() -> None:
    every_20_s = IntervalSchedule(every=timedelta(seconds=20), start_at=NOON)
    load = load_by_minute(
        [
            (CronSchedule(cron="*/30 * * * *"), 4),
            (every_20_s, 1),
            (OnceSchedule(run_at=NOON + timedelta(minutes=5, seconds=59)), 2),
        ],
        since=NOON,
        minutes=HOUR,
        most_fires=1_000,
    )
    assert load.minutes[0] == 4 + 3
    assert load.minutes[1] == 3
    assert load.minutes[5] == 3 + 2
    assert len(load.minutes) == HOUR
    assert load.most_crowded(2) == [(NOON, 7), (NOON + timedelta(minutes=30), 7)]
    assert (load.jobs, load.counted_jobs) == (7, 7)


def test_what_would_cost_too_much_is_left_out_and_said() -> None:
    busy = IntervalSchedule(every=timedelta(seconds=1), start_at=NOON)
    hourly = CronSchedule(cron="0 * * * *")
    load = load_by_minute([(busy, 5), (hourly, 2)], since=NOON, minutes=HOUR, most_fires=100)
    assert load.minutes == {0: 2}
    assert (load.jobs, load.counted_jobs) == (7, 2)


def day_of(*schedules: tuple[str, int]) -> Load:
    """Return the load of a day with so many jobs of each cron expression."""
    crons = [(CronSchedule(cron=cron), jobs) for cron, jobs in schedules]
    return load_by_minute(crons, since=NOON, minutes=24 * HOUR, most_fires=100_000)


@pytest.mark.parametrize(
    ("cron", "calmer"),
    [
        ("0 9 * * *", "1 9 * * *"),
        ("@daily", "1 0 * * *"),
        ("0 9-17 * * MON-SUN", "1 9-17 * * MON-SUN"),
        ("30 0 9 * * *", "30 1 9 * * *"),  # seconds first
    ],
)
def test_a_crowded_minute_is_left_for_the_first_calmest_one(cron: str, calmer: str) -> None:
    offer = calmer_minute(day_of(("0 * * * *", 23), ("59 * * * *", 1)), CronSchedule(cron=cron))
    assert offer == CalmerMinute(minute=1, cron=calmer, crowd=23, calm=0)


def test_a_minute_must_be_calm_in_all_hours_of_the_schedule() -> None:
    busy_at_17 = [(f"{minute} 17 * * *", 5) for minute in range(1, 59)]
    load = day_of(("0 9,17 * * *", 20), *busy_at_17)
    offer = calmer_minute(load, CronSchedule(cron="0 9,17 * * *"))
    assert offer == CalmerMinute(minute=59, cron="59 9,17 * * *", crowd=20, calm=0)
    at_nine = calmer_minute(load, CronSchedule(cron="0 9 * * *"))
    assert at_nine is not None
    assert at_nine.minute == 1


@pytest.mark.parametrize("cron", ["*/5 * * * *", "0,30 * * * *", "0-3 * * * *", "* * * * *"])
def test_what_fires_at_several_minutes_is_left_alone(cron: str) -> None:
    assert calmer_minute(day_of(("0 * * * *", 50)), CronSchedule(cron=cron)) is None


def test_a_few_runs_are_no_crowd_and_a_crowd_everywhere_is_no_reason_to_move() -> None:
    hourly = CronSchedule(cron="0 * * * *")
    assert calmer_minute(day_of(("0 * * * *", 9)), hourly) is None
    assert calmer_minute(day_of(("* * * * *", 30), ("0 * * * *", 10)), hourly) is None


def test_what_does_not_fire_within_the_day_meets_nobody() -> None:
    assert calmer_minute(day_of(("0 * * * *", 50)), CronSchedule(cron="0 9 31 12 *")) is None
