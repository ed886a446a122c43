"""The times of day of a cron expression, in words."""

from dataclasses import dataclass
from itertools import product

from cronpp_app.domain.cron import CronExpression
from cronpp_app.domain.cron_words import Pattern, Shape, counted, every, listed, pattern_of

# More times than these are told by a rule, not one by one.
_LISTED_TIMES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeWords:
    """The words for the times of a day, without a capital; `is_list` when they name each time."""

    text: str
    is_list: bool


def time_words(cron: CronExpression) -> TimeWords:
    """Return when in a day `cron` fires: `at 09:00` or `every 5 minutes from 09:00 through ...`."""
    second = pattern_of(cron.second, size=60)
    minute = pattern_of(cron.minute, size=60)
    hour = pattern_of(cron.hour, size=24)
    if second.shape is not Shape.ONE:
        return TimeWords(text=_within_minutes(second, minute, hour), is_list=False)
    tail = f", at second {second.values[0]}" if second.values[0] else ""
    if minute.shape is not Shape.ONE:
        return _few_times(cron) or TimeWords(text=_within_hours(minute, hour) + tail, is_list=False)
    by_hour = _by_hour(cron, minute.values[0], hour)
    if by_hour:
        return TimeWords(text=by_hour + tail, is_list=False)
    return TimeWords(text=_times(cron), is_list=True)


def _few_times(cron: CronExpression) -> TimeWords | None:
    """Return the times one by one if they are few and typed one by one, else None."""
    typed = f"{cron.minute.text} {cron.hour.text}"
    count = len(cron.hour.values) * len(cron.minute.values)
    if count > _LISTED_TIMES or any(sign in typed for sign in "*/-"):
        return None
    return TimeWords(text=_times(cron), is_list=True)


def _times(cron: CronExpression) -> str:
    second = cron.second.values[0]
    tail = f":{second:02}" if second else ""
    hours_and_minutes = product(cron.hour.values, cron.minute.values)
    return "at " + listed([clock(hour, minute) + tail for hour, minute in hours_and_minutes])


def clock(hour: int, minute: int) -> str:
    """Return a time of day, like 09:05."""
    return f"{hour:02}:{minute:02}"


def _by_hour(cron: CronExpression, minute: int, hour: Pattern) -> str | None:
    """Return the words for one minute of many hours, or None where the times are told singly."""
    first, last = clock(hour.values[0], minute), clock(hour.values[-1], minute)
    match hour.shape:
        case Shape.ALL:
            return _each_hour(cron, minute)
        case Shape.RUN if "-" in cron.hour.text:
            return f"every hour from {first} through {last}"
        case Shape.STEPS if hour.is_even and hour.values[0] == 0:
            return f"every {hour.step} hours, {_past(minute)}"
        case Shape.STEPS if len(hour.values) > _LISTED_TIMES or "/" in cron.hour.text:
            times = listed([clock(value, minute) for value in hour.values])
            return f"every {hour.step} hours from {first} through {last} ({times})"
        case _:
            return None


def _each_hour(cron: CronExpression, minute: int) -> str:
    _, slash, step = cron.minute.text.partition("/")
    if slash and int(step) > 59:
        return f"at minute {minute} of every hour (a step of {int(step)} never leaves the hour)"
    return f"every hour, {_past(minute)}"


def _past(minute: int) -> str:
    return f"at {counted(minute, 'minute')} past the hour" if minute else "on the hour"


def _within_hours(minute: Pattern, hour: Pattern) -> str:
    """Return the words for several minutes of an hour, in all or some hours."""
    if hour.shape is Shape.ALL:
        return _minutes(minute).replace("of the hour", "of every hour")
    return f"{_minutes(minute)} {_hours(hour, minute)}"


def _minutes(minute: Pattern) -> str:
    values = [f"{value:02}" for value in minute.values]
    match minute.shape:
        case Shape.ALL:
            return "every minute"
        case Shape.STEPS if minute.is_even and minute.values[0] == 0:
            return every(minute.step, "minute")
        case Shape.STEPS:
            return f"{every(minute.step, 'minute')} starting at :{values[0]} ({', '.join(values)})"
        case Shape.RUN:
            return f"every minute from :{values[0]} through :{values[-1]} of the hour"
        case _:
            return f"at minutes {listed([str(value) for value in minute.values])} of the hour"


def _hours(hour: Pattern, minute: Pattern) -> str:
    """Return in which hours, as a span where they follow each other."""
    if hour.shape in {Shape.ONE, Shape.RUN}:
        first = clock(hour.values[0], minute.values[0])
        return f"from {first} through {clock(hour.values[-1], minute.values[-1])}"
    hours = listed([f"{value:02}" for value in hour.values])
    if hour.shape is Shape.STEPS and hour.is_even:
        nth = {2: "2nd", 3: "3rd"}.get(hour.step, f"{hour.step}th")
        return f"in every {nth} hour ({hours})"
    return f"in the hours {hours}"


def _within_minutes(second: Pattern, minute: Pattern, hour: Pattern) -> str:
    """Return the words for several seconds of a minute."""
    words = _seconds(second)
    if minute.shape is Shape.ALL and hour.shape is Shape.ALL:
        return words
    if minute.shape is Shape.ONE and hour.shape is Shape.ONE:
        return f"{words} within {clock(hour.values[0], minute.values[0])}"
    if minute.shape is Shape.ALL:
        return f"{words} {_hours(hour, minute)}"
    if minute.shape is Shape.ONE:
        within = f"minute {minute.values[0]} of the hour"
        return f"{words} within {within}" + _in_hours(hour, minute)
    return f"{words}, {_minutes(minute)}" + _in_hours(hour, minute)


def _in_hours(hour: Pattern, minute: Pattern) -> str:
    return "" if hour.shape is Shape.ALL else f", {_hours(hour, minute)}"


def _seconds(second: Pattern) -> str:
    values = [str(value) for value in second.values]
    match second.shape:
        case Shape.ALL:
            return "every second"
        case Shape.STEPS if second.is_even and second.values[0] == 0:
            return every(second.step, "second")
        case Shape.STEPS:
            step = every(second.step, "second")
            return f"{step} starting at second {values[0]} ({', '.join(values)})"
        case Shape.RUN:
            return f"every second from second {values[0]} through {values[-1]} of the minute"
        case _:
            return f"at seconds {listed(values)} of the minute"
