from datetime import timedelta

from cronpp_app.domain.load import load_by_minute
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
