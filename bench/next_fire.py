"""What one next fire time costs: `python -m bench.next_fire`. Prints microseconds per call."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median
from time import perf_counter

from cronpp_app.domain import cron, cron_days
from cronpp_app.domain.schedules import (
    CronSchedule,
    IntervalSchedule,
    Schedule,
    count_fires,
    describe,
    latest_fire,
    next_fire,
)

NOW = datetime(2026, 12, 1, 12, 34, 56, 789_000, tzinfo=UTC)
YEAR = timedelta(days=365)
WORKDAYS = ",".join(f"{day}W" for day in range(1, 30, 4))  # as many as are accepted
ORDINARY = {
    "every 5 minutes": CronSchedule(cron="*/5 * * * *", timezone="Europe/Berlin"),
    "daily": CronSchedule(cron="30 2 * * *", timezone="Europe/Berlin"),
    "weekdays": CronSchedule(cron="0 9 * * 1-5", timezone="America/New_York"),
    "monthly": CronSchedule(cron="0 0 1 * *", timezone="Asia/Kolkata"),
    "every second": CronSchedule(cron="* * * * * *", timezone="America/New_York"),
    "interval": IntervalSchedule(every=timedelta(seconds=7), start_at=NOW - YEAR),
}
HOSTILE = {
    "leap day": CronSchedule(cron="0 0 29 2 *", timezone="Africa/Casablanca"),
    "8 workdays, or": CronSchedule(
        cron=f"59 59 23 {WORKDAYS} 2 1#5,2#5,4", timezone="Europe/Berlin"
    ),
    "8 workdays, and": CronSchedule(
        cron=f"59 59 23 {WORKDAYS} 2 */5,1#1", timezone="Europe/Berlin"
    ),
    "everything": CronSchedule(
        cron="59 59 23 */30,L,LW,9W,13W,17W,21W,25W,29W 2 1,2#5,3#5,4L",
        timezone="Africa/Casablanca",
    ),
}


def microseconds(
    call: Callable[[], object], *, repeats: int, prepare: Callable[[], object]
) -> float:
    """Return the median cost of `call`, each time after `prepare`."""
    costs = []
    for _ in range(repeats):
        prepare()
        start = perf_counter()
        call()
        costs.append(perf_counter() - start)
    return median(costs) * 1e6


def measure(name: str, schedule: Schedule) -> None:
    def ask() -> object:
        return next_fire(schedule, after=NOW)

    def forget_days() -> None:
        cron_days._next_of.cache_clear()

    def forget_all() -> None:
        forget_days()
        cron._parse.cache_clear()
        cron_days._croniter.cache_clear()

    ask()
    known = microseconds(ask, repeats=2000, prepare=lambda: None)
    new_day = microseconds(ask, repeats=50, prepare=forget_days)
    unparsed = microseconds(ask, repeats=15, prepare=forget_all)
    print(f"{name:20} {known:10.1f} {new_day:10.1f} {unparsed:12.1f}")


def main() -> None:
    """Print the costs of next fire times, and of looking back over a year."""
    print(f"{'next_fire, µs':20} {'known':>10} {'new day':>10} {'first time':>12}")
    for name, schedule in {**ORDINARY, **HOSTILE}.items():
        measure(name, schedule)
    every_second = ORDINARY["every second"]
    for label, call in {
        "latest_fire, a year of seconds": lambda: latest_fire(
            every_second, since=NOW - YEAR, until=NOW
        ),
        "count_fires, a year of seconds": lambda: count_fires(
            every_second, after=NOW - YEAR, until=NOW, limit=10**9
        ),
        "describe": lambda: describe(ORDINARY["weekdays"]),
    }.items():
        print(f"{label:32} {microseconds(call, repeats=50, prepare=lambda: None):8.1f} µs")


if __name__ == "__main__":
    main()
