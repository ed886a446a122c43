"""One field of a cron expression: its grammar, its limits, and what it stands for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")

# \d would let through the digits of other scripts; four are plenty, leading zeros included.
_NUMBER = re.compile(r"[0-9]{1,4}")

# Each is searched for on its own; the limit keeps the dearest expression cheap.
_MAX_SPECIALS = 8


class InvalidCron(ValueError):
    """A cron expression was refused; the message names the field, the value and what is allowed."""


class SpecialKind(StrEnum):
    """Days that are not plain numbers of a field."""

    LAST_DAY = "L"
    LAST_WORKDAY = "LW"
    NEAREST_WORKDAY = "nW"
    NTH_WEEKDAY = "n#k"
    LAST_WEEKDAY = "nL"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialDay:
    """A day like `15W` (number 15), `5#2` (number 5, nth 2) or `5L`; Sunday is number 0."""

    kind: SpecialKind
    number: int = 0
    nth: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CronField:
    """What one field stands for.

    `text` is the field as typed, `values` its plain values in order (Sunday is 0), `specials`
    the rest, and `starred` tells that it starts with `*` or is `?`, which decides how the days
    combine and whether the job follows the clock (crontab(5), cron(8)).
    """

    name: str
    text: str
    values: tuple[int, ...]
    specials: tuple[SpecialDay, ...] = ()
    starred: bool = False

    @property
    def is_any(self) -> bool:
        """Return whether the field is a bare `*` or `?`."""
        return self.text in {"*", "?"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRule:
    """What may stand in a field: its name and range, and the names of its values."""

    name: str
    low: int
    high: int
    names: Mapping[str, int] = field(default_factory=dict)

    @property
    def allowed(self) -> str:
        """Return in words what may stand in the field."""
        words = f"{self.low}-{self.high}"
        if self.names:
            words += " or " + ", ".join(list(self.names)[:2]) + ", ..."
        return f"{words}, with *, lists (1,2), ranges (1-5) and steps (*/2)" + _MORE[self.name]


_MORE: Mapping[str, str] = MappingProxyType(
    {
        "second": "",
        "minute": "",
        "hour": "",
        "month": "",
        "day of month": ", ?, L (last day), LW (last workday), 15W (workday nearest the 15th)",
        "day of week": ", ?, 5#2 (second Friday), 5L (last Friday); 0 and 7 are Sunday",
    }
)

SECOND = FieldRule(name="second", low=0, high=59)
MINUTE = FieldRule(name="minute", low=0, high=59)
HOUR = FieldRule(name="hour", low=0, high=23)
DAY = FieldRule(name="day of month", low=1, high=31)
MONTH = FieldRule(
    name="month", low=1, high=12, names={name: n for n, name in enumerate(MONTHS, start=1)}
)
WEEKDAY = FieldRule(
    name="day of week", low=0, high=7, names={name: n for n, name in enumerate(WEEKDAYS)}
)


def parse_field(rule: FieldRule, text: str) -> CronField:
    """Return what `text` stands for in the field of `rule`; raise InvalidCron if nothing."""
    if text == "?":
        if rule not in (DAY, WEEKDAY):
            raise _refused(rule, text, "? may only stand in the fields of days")
        every = set(range(rule.low, rule.high + 1))
        return CronField(name=rule.name, text=text, values=_ordered(rule, every), starred=True)
    values: set[int] = set()
    specials: list[SpecialDay] = []
    for item in text.split(","):
        special = _special_day(rule, item.upper())
        if special is None:
            values.update(_item_values(rule, item))
        elif special not in specials:
            specials.append(special)
    if len(specials) > _MAX_SPECIALS:
        problem = f"it names more than {_MAX_SPECIALS} days like L, 15W or 5#2; use two schedules"
        raise _refused(rule, text, problem)
    return CronField(
        name=rule.name,
        text=text,
        values=_ordered(rule, values),
        specials=tuple(specials),
        starred=text.startswith("*"),
    )


def _ordered(rule: FieldRule, values: set[int]) -> tuple[int, ...]:
    return tuple(sorted({value % 7 for value in values} if rule is WEEKDAY else values))


def _special_day(rule: FieldRule, item: str) -> SpecialDay | None:
    if rule is DAY:
        return _special_of_month(item)
    if rule is WEEKDAY:
        return _special_of_week(item)
    return None


def _special_of_month(item: str) -> SpecialDay | None:
    if item == "L":
        return SpecialDay(kind=SpecialKind.LAST_DAY)
    if item == "LW":
        return SpecialDay(kind=SpecialKind.LAST_WORKDAY)
    if item.endswith("W") and item != "W":
        return SpecialDay(kind=SpecialKind.NEAREST_WORKDAY, number=_value(DAY, item[:-1], item))
    return None


def _special_of_week(item: str) -> SpecialDay | None:
    if "#" in item:
        weekday, _, nth = item.partition("#")
        number = _value(WEEKDAY, weekday, item) % 7
        if nth not in {"1", "2", "3", "4", "5"}:
            raise _refused(WEEKDAY, item, "after # comes a number from 1 to 5")
        return SpecialDay(kind=SpecialKind.NTH_WEEKDAY, number=number, nth=int(nth))
    if item.endswith("L") and item != "L":
        number = _value(WEEKDAY, item[:-1], item) % 7
        return SpecialDay(kind=SpecialKind.LAST_WEEKDAY, number=number)
    return None


def _item_values(rule: FieldRule, item: str) -> range:
    base, slash, step_text = item.partition("/")
    step = _step(rule, step_text, item) if slash else 1
    if base == "*":
        return range(rule.low, rule.high + 1, step)
    first, dash, last = base.partition("-")
    low = _value(rule, first, item)
    if dash:
        return range(low, _range_end(rule, low, last, item) + 1, step)
    return range(low, (rule.high if slash else low) + 1, step)


def _range_end(rule: FieldRule, low: int, text: str, item: str) -> int:
    high = _value(rule, text, item)
    if high >= low:
        return high
    if rule is WEEKDAY and high == 0:  # FRI-SUN: people end the week on Sunday
        return 7
    first, last = item.partition("/")[0].split("-", 1)
    hint = f"{first}-{rule.high},{rule.low}-{last}"
    raise _refused(rule, item, f"the range runs backwards; write it as two ranges, like {hint}")


def _step(rule: FieldRule, text: str, item: str) -> int:
    if not _NUMBER.fullmatch(text) or int(text) == 0:
        raise _refused(rule, item, "after / comes a step, a whole number from 1")
    return int(text)


def _value(rule: FieldRule, text: str, item: str) -> int:
    named = rule.names.get(text.upper())
    if named is not None:
        return named
    if not _NUMBER.fullmatch(text):
        raise _refused(rule, item, "it is not understood")
    value = int(text)
    if not rule.low <= value <= rule.high:
        raise _refused(rule, item, "it is out of range")
    return value


def _refused(rule: FieldRule, item: str, problem: str) -> InvalidCron:
    return InvalidCron(f'{rule.name} "{item}": {problem}; allowed are {rule.allowed}.')
