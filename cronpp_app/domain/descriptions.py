"""What a schedule says, in words a person would use."""

from datetime import datetime, timedelta
from typing import assert_never

from cronpp_app.domain.cron import CronExpression, parse_cron
from cronpp_app.domain.cron_day_words import day_words
from cronpp_app.domain.cron_time_words import clock, time_words
from cronpp_app.domain.cron_words import MONTH_NAMES, counted
from cronpp_app.domain.schedule_kinds import (
    CronSchedule,
    IntervalSchedule,
    OnceSchedule,
    Schedule,
)
from cronpp_app.domain.zones import load_zone

_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


def describe(schedule: Schedule) -> str:
    """Return `schedule` in words, like "Every day at 02:30"; times are on its own zone's clock.

    Raises InvalidCron if the expression of a cron schedule is not valid.
    """
    match schedule:
        case CronSchedule():
            return describe_cron(parse_cron(schedule.cron))
        case IntervalSchedule():
            return f"Every {_duration(schedule.every)}"
        case OnceSchedule():
            local = schedule.run_at.astimezone(load_zone(schedule.timezone))
            return f"Once, on {day_of(local)} at {time_of(local)}"
        case _:
            assert_never(schedule)


def describe_cron(cron: CronExpression) -> str:
    """Return when `cron` fires, in words."""
    times, days = time_words(cron), day_words(cron)
    if not times.is_list:  # "every 5 minutes every Sunday" would stumble
        days = days.replace(" every ", " on ", 1) if days.endswith("day") else days
    words = f"every day {times.text}" if times.is_list and not days else times.text + days
    return words[0].upper() + words[1:]


def day_of(local: datetime) -> str:
    """Return the date of `local`, like 1 January 2027."""
    return f"{local.day} {MONTH_NAMES[local.month - 1]} {local.year}"


def time_of(local: datetime) -> str:
    """Return the time of day of `local`, like 09:00; seconds only where there are some."""
    seconds = f":{local.second:02}" if local.second else ""
    return clock(local.hour, local.minute) + seconds


def _duration(length: timedelta) -> str:
    """Return a length in words: hour, 5 seconds, 1 hour 30 minutes."""
    rest = round(length.total_seconds())
    words = []
    for unit, seconds in _UNITS:
        number, rest = divmod(rest, seconds)
        if number:
            words.append((number, unit))
    if len(words) == 1 and words[0][0] == 1:
        return words[0][1]
    return " ".join(counted(number, unit) for number, unit in words)
