"""The days a cron expression names, found by croniter on naive local dates.

croniter is sound there, and only there, when every call gets clean parts: numbers that we have
read ourselves, never the user's text, and one kind of day per call. The schedule's days are the
union of its parts. Nothing here knows of hours or zones.
"""

from copy import copy
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import product

from croniter import CroniterBadDateError, croniter

from cronpp_app.domain.cron_fields import CronField, InvalidCron, SpecialKind

# 29 February waits eight years when a century without a leap day lies in between.
_MAX_YEARS = 9
# Weekdays and leap days repeat after 28 years, as long as no such century intervenes.
_CYCLE = range(2001, 2029)
_LONGEST_WAIT = timedelta(days=5 * 365 + 2)
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRule:
    """Which days match: those of any of `parts`, each an expression for croniter; all if empty."""

    parts: tuple[str, ...]


def day_rule(day: CronField, month: CronField, weekday: CronField) -> DayRule:
    """Return the rule of the three fields that choose days.

    Day of month and day of week are alternatives, unless one of them starts with `*`, when
    both must match (crontab(5) of Debian). Raises InvalidCron if some year waits more than
    five years for a matching day.
    """
    months = "*" if month.is_any else _numbers(month.values)
    days, weekdays = _day_parts(day), _weekday_parts(weekday)
    if day.starred or weekday.starred:
        pairs = list(product(days, weekdays))
    else:
        pairs = [(part, "*") for part in days] + [("*", part) for part in weekdays]
    parts = tuple(f"0 0 {dom} {months} {dow}" for dom, dow in pairs)
    if "0 0 * * *" in parts:
        return DayRule(parts=())
    if any(map(_comes_every_year, parts)):
        return DayRule(parts=parts)
    # Parts that never match would be searched for in vain at every question.
    rule = DayRule(parts=tuple(part for part in parts if _next_of((part,), date(2001, 1, 1))))
    alone = (DayRule(parts=(part,)) for part in rule.parts)
    if not any(map(_comes_in_time, alone)) and not _comes_in_time(rule):
        raise _too_rare(day, month, weekday)
    return rule


def next_day(rule: DayRule, on_or_after: date) -> date | None:
    """Return the first matching day from `on_or_after` on, or None if none comes in nine years."""
    return _next_of(rule.parts, on_or_after) if rule.parts else on_or_after


@lru_cache(maxsize=16384)
def _next_of(parts: tuple[str, ...], on_or_after: date) -> date | None:
    midnight = datetime.combine(on_or_after, time())
    found = [day for part in parts if (day := _next_of_part(part, midnight))]
    return min(found, default=None)


def _next_of_part(part: str, midnight: datetime) -> date | None:
    days = copy(_croniter(part))
    try:
        found: datetime = days.get_next(start_time=midnight - timedelta(minutes=1))
    except (CroniterBadDateError, OverflowError):
        return None
    return found.date()


@lru_cache(maxsize=2048)
def _croniter(part: str) -> "croniter[datetime]":
    """Return the parsed part. A croniter moves when asked, so ask copies of it only."""
    return croniter(
        part,
        datetime.combine(date(2001, 1, 1), time()),
        ret_type=datetime,
        day_or=False,
        implement_cron_bug=True,
        max_years_between_matches=_MAX_YEARS,
    )


def _numbers(values: tuple[int, ...]) -> str:
    return ",".join(map(str, values))


def _day_parts(day: CronField) -> list[str]:
    if day.is_any:
        return ["*"]
    parts = [_numbers(day.values)] if day.values else []
    if any(special.kind is SpecialKind.LAST_DAY for special in day.specials):
        parts.append("L")
    # croniter takes the last day of a shorter month for 31, which makes 31W the last workday.
    workdays = [
        f"{31 if special.kind is SpecialKind.LAST_WORKDAY else special.number}W"
        for special in day.specials
        if special.kind is not SpecialKind.LAST_DAY
    ]
    return parts + workdays  # croniter takes W with a single day only


def _weekday_parts(weekday: CronField) -> list[str]:
    if weekday.is_any:
        return ["*"]
    parts = [_numbers(weekday.values)] if weekday.values else []
    specials = [
        f"{special.number}#{special.nth}"
        if special.kind is SpecialKind.NTH_WEEKDAY
        else f"L{special.number}"
        for special in weekday.specials
    ]
    return parts + ([",".join(specials)] if specials else [])


def _comes_every_year(part: str) -> bool:
    """Return whether it is plain at sight that each year, in each month, has such a day."""
    _, _, day, _, weekday = part.split(" ")
    if weekday != "*":
        return day == "*" and "#5" not in weekday
    return day in {"*", "L"} or day.endswith("W") or int(day.split(",")[0]) <= 28


def _comes_in_time(rule: DayRule) -> bool:
    """Return whether from any New Year on a matching day comes within five years."""
    for year in _CYCLE if rule.parts else ():
        new_year = date(year, 1, 1)
        day = next_day(rule, new_year)
        if day is None or day - new_year > _LONGEST_WAIT:
            return False
    return bool(rule.parts)


def _too_rare(day: CronField, month: CronField, weekday: CronField) -> InvalidCron:
    return InvalidCron(
        f'day of month "{day.text}", month "{month.text}" and day of week "{weekday.text}" do not '
        "meet at least once in five years; choose a day that the month has."
    )
