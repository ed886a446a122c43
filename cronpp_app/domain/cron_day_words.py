"""The days of a cron expression, in words."""

from itertools import product

from cronpp_app.domain.cron import CronExpression
from cronpp_app.domain.cron_fields import CronField, SpecialDay, SpecialKind
from cronpp_app.domain.cron_words import MONTH_NAMES, ORDINALS, WEEKDAY_NAMES, listed

# More dates than these are told as days of some months.
_LISTED_DATES = 6
_ODD = tuple(range(1, 32, 2))
_EVEN = tuple(range(2, 31, 2))


def day_words(cron: CronExpression) -> str:
    """Return on which days `cron` fires, like `on day 1 of every month`; empty for every day.

    The words follow a time: `at 09:00` + `, Monday to Friday`, separator included.
    """
    day_any = _is_every(cron.day, 31)
    weekday_any = _is_every(cron.weekday, 7)
    either = not (cron.day.starred or cron.weekday.starred)
    if (day_any and weekday_any) or (either and (day_any or weekday_any)):
        return _all_days_of(cron.month)
    if day_any:
        return _weekdays(cron.weekday) + _months_after_weekdays(cron.month, cron.weekday)
    if weekday_any:
        return f" on {_dates(cron.day, cron.month)}"
    if either:
        return f" on {_days(cron.day, cron.month)} or {_any_weekday(cron.weekday)}" + (
            "" if _is_every(cron.month, 12) else f" in {_month_names(cron.month)}"
        )
    which = "which is" if len(cron.day.values) + len(cron.day.specials) == 1 else "that are"
    return f" on {_days(cron.day, cron.month)} {which} {_one_of(cron.weekday)}"


def _is_every(field: CronField, size: int) -> bool:
    return len(field.values) == size


def _all_days_of(month: CronField) -> str:
    return "" if _is_every(month, 12) else f" every day in {_month_names(month)}"


def _month_names(month: CronField) -> str:
    values = month.values
    if len(values) > 2 and values[-1] - values[0] == len(values) - 1:
        return f"{MONTH_NAMES[values[0] - 1]} to {MONTH_NAMES[values[-1] - 1]}"
    return listed([MONTH_NAMES[value - 1] for value in values])


def _of_month(month: CronField) -> str:
    return "of the month" if _is_every(month, 12) else f"of {_month_names(month)}"


def _dates(day: CronField, month: CronField) -> str:
    """Return the days of the month when no weekday matters: dates if they are few."""
    few = len(day.values) * len(month.values) <= _LISTED_DATES
    if few and day.values and not day.specials and _typed_singly(day) and _typed_singly(month):
        pairs = product(month.values, day.values)
        return listed([f"{number} {MONTH_NAMES[name - 1]}" for name, number in pairs])
    if _is_every(month, 12) and day.values == (1,) and not day.specials:
        return "day 1 of every month"
    return _days(day, month)


def _typed_singly(field: CronField) -> bool:
    return "*" not in field.text and "/" not in field.text


def _days(day: CronField, month: CronField) -> str:
    plain = [_plain_days(day.values)] if day.values else []
    return f"{listed(plain + [_special_date(s) for s in day.specials])} {_of_month(month)}"


def _plain_days(values: tuple[int, ...]) -> str:
    if values == _ODD:
        return "odd days"
    if values == _EVEN:
        return "even days"
    if len(values) == 1:
        return f"day {values[0]}"
    if len(values) > 2 and values[-1] - values[0] == len(values) - 1:
        return f"days {values[0]} to {values[-1]}"
    return f"days {listed([str(value) for value in values])}"


def _special_date(special: SpecialDay) -> str:
    match special.kind:
        case SpecialKind.LAST_DAY:
            return "the last day"
        case SpecialKind.LAST_WORKDAY:
            return "the last weekday (Monday to Friday)"
        case _:
            return f"the weekday (Monday to Friday) nearest day {special.number}"


def _special_weekday(special: SpecialDay) -> str:
    place = "last" if special.kind is SpecialKind.LAST_WEEKDAY else ORDINALS[special.nth]
    return f"the {place} {WEEKDAY_NAMES[special.number]}"


def _monday_first(weekday: CronField) -> list[int]:
    return sorted(weekday.values, key=lambda value: value or 7)


def _span_of_week(weekday: CronField) -> str | None:
    """Return `Monday to Friday` for three days or more in a row, else None."""
    days = [value or 7 for value in _monday_first(weekday)]
    if len(days) < 3 or days[-1] - days[0] != len(days) - 1:
        return None
    return f"{WEEKDAY_NAMES[days[0]]} to {WEEKDAY_NAMES[days[-1] % 7]}"


def _weekdays(weekday: CronField) -> str:
    """Return the words for days of the week when the day of the month does not matter."""
    if weekday.specials:
        named = [WEEKDAY_NAMES[value] for value in _monday_first(weekday)]
        specials = [_special_weekday(special) for special in weekday.specials]
        every = [f"every {listed(named)}"] if named else []
        return f" on {listed(every + specials)} of the month"
    span = _span_of_week(weekday)
    if span:
        return f", {span}"
    names = [WEEKDAY_NAMES[value] for value in _monday_first(weekday)]
    return f" every {names[0]}" if len(names) == 1 else f" on {listed(names)}"


def _months_after_weekdays(month: CronField, weekday: CronField) -> str:
    if _is_every(month, 12):
        return ""
    comma = "," if _span_of_week(weekday) else ""
    return f"{comma} in {_month_names(month)}"


def _any_weekday(weekday: CronField) -> str:
    """Return the weekdays as the other choice, after the days of the month."""
    span = None if weekday.specials else _span_of_week(weekday)
    if span:
        return f"on any day from {span}"
    names = [f"any {WEEKDAY_NAMES[value]}" for value in _monday_first(weekday)]
    specials = [f"{_special_weekday(s)} of the month" for s in weekday.specials]
    return f"on {listed(names + specials, last='or')}"


def _one_of(weekday: CronField) -> str:
    """Return the weekdays as a further condition; without the word "or", which would mislead."""
    span = None if weekday.specials else _span_of_week(weekday)
    if span:
        return f"from {span}"
    names = [WEEKDAY_NAMES[value] for value in _monday_first(weekday)]
    if not weekday.specials and len(names) == 1:
        return f"a {names[0]}"
    return f"among {listed(names + [_special_weekday(special) for special in weekday.specials])}"
