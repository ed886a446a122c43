"""Words shared by all descriptions: names, lists, and the shape of a row of numbers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from cronpp_app.domain.cron_fields import CronField

MONTH_NAMES = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
WEEKDAY_NAMES = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
ORDINALS = ("", "first", "second", "third", "fourth", "fifth")

_STEP = re.compile(r"(?:\*|[0-9]+(?:-[0-9]+)?)/0*([1-9][0-9]*)")


class Shape(Enum):
    """How the values of a field lie, which decides the words for them."""

    ALL = auto()
    ONE = auto()
    STEPS = auto()
    RUN = auto()
    LIST = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """The values of a field of `size` values (60 or 24), their shape, and the step if any."""

    values: tuple[int, ...]
    shape: Shape
    step: int
    size: int

    @property
    def is_even(self) -> bool:
        """Return whether the steps go on evenly from one round to the next."""
        return self.size % self.step == 0 and len(self.values) == self.size // self.step


def pattern_of(field: CronField, *, size: int) -> Pattern:
    """Return how the values of `field` lie among `size` possible ones, which start at 0."""
    values = field.values
    step = _step_of(field, size)
    if len(values) == size:
        shape = Shape.ALL
    elif len(values) == 1:
        shape = Shape.ONE
    elif step > 1:
        shape = Shape.STEPS
    elif len(values) > 2 and values[-1] - values[0] == len(values) - 1:
        shape = Shape.RUN
    else:
        shape = Shape.LIST
    return Pattern(values=values, shape=shape, step=step, size=size)


def _step_of(field: CronField, size: int) -> int:
    """Return the step of a field like `*/15`, or of a list that amounts to one, else 1."""
    typed = _STEP.fullmatch(field.text)
    if typed:
        return int(typed[1])
    values = field.values
    step = values[1] - values[0] if len(values) > 2 else 1
    return step if values == tuple(range(values[0] % step, size, step)) else 1


def listed(words: Sequence[str], *, last: str = "and") -> str:
    """Return `words` as a list in a sentence: a, b and c."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def counted(number: int, unit: str) -> str:
    """Return a number with its unit, in the plural unless it is one: 1 hour, 2 hours."""
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def every(number: int, unit: str) -> str:
    """Return how often, as in: every minute, every 5 minutes."""
    return f"every {unit}" if number == 1 else f"every {number} {unit}s"
