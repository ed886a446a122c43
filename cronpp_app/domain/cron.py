"""Cron expressions: from the text a person typed to fields that are understood."""

import re
from dataclasses import dataclass
from functools import lru_cache

from cronpp_app.domain.cron_days import DayRule, day_rule
from cronpp_app.domain.cron_fields import (
    DAY,
    HOUR,
    MINUTE,
    MONTH,
    SECOND,
    WEEKDAY,
    CronField,
    InvalidCron,
    parse_field,
)

__all__ = ["CronExpression", "CronField", "InvalidCron", "check_cron", "parse_cron"]

MAX_LENGTH = 256
ALIASES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_RULES = (SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class CronExpression:
    """A cron expression that is understood: `text` normalised, and its fields.

    Without a field of seconds `second` stands for 0 and `has_seconds` is false. Of an alias
    the fields are those it abbreviates.
    """

    text: str
    second: CronField
    minute: CronField
    hour: CronField
    day: CronField
    month: CronField
    weekday: CronField
    has_seconds: bool
    days: DayRule

    @property
    def follows_clock(self) -> bool:
        """Return whether this is a wildcard job, which at clock changes fires as the clock shows.

        That is when second, minute or hour starts with `*`; the others are fixed-time jobs
        (cron(8) of Debian).
        """
        return self.second.starred or self.minute.starred or self.hour.starred


def check_cron(text: str) -> str:
    """Return `text` with its spaces collapsed; raise InvalidCron if it cannot be a schedule.

    The message names the field, the value and what is allowed. Understood are five fields, or
    six with seconds first, as in crontab(5), the days L, LW, nW, n#k and nL, and the aliases
    from @yearly to @hourly.
    """
    return parse_cron(text).text


def parse_cron(text: str) -> CronExpression:
    """Return the parsed form of `text`; raise InvalidCron as `check_cron` does."""
    if not isinstance(text, str):
        raise InvalidCron("The cron expression must be a text of five or six fields.")
    if len(text) > MAX_LENGTH:
        raise InvalidCron(f"The cron expression is longer than {MAX_LENGTH} characters.")
    return _parse(text)


@lru_cache(maxsize=8192)
def _parse(text: str) -> CronExpression:
    normal = _normalise(text)
    texts = ALIASES.get(normal.lower(), normal).split(" ")
    _check_count(normal, texts)
    has_seconds = len(texts) == len(_RULES)
    if not has_seconds:
        texts.insert(0, "0")
    fields = [parse_field(rule, text) for rule, text in zip(_RULES, texts, strict=True)]
    second, minute, hour, day, month, weekday = fields
    return CronExpression(
        text=normal,
        second=second,
        minute=minute,
        hour=hour,
        day=day,
        month=month,
        weekday=weekday,
        has_seconds=has_seconds,
        days=day_rule(day, month, weekday),
    )


def _normalise(text: str) -> str:
    normal = re.sub(r"[ \t]+", " ", text).strip(" ")
    if not normal:
        raise InvalidCron('The cron expression is empty; give five fields, like "30 2 * * *".')
    odd = next((character for character in normal if not " " <= character <= "~"), None)
    if odd is not None:
        raise InvalidCron(f"The cron expression holds {odd!a}; use plain digits and letters only.")
    return normal


def _check_count(normal: str, texts: list[str]) -> None:
    if normal.startswith("@") and len(texts) == 1:
        known = ", ".join(ALIASES)
        raise InvalidCron(f'The alias "{normal}" is not supported; known are {known}.')
    if any(text.startswith("#") for text in texts):
        raise InvalidCron("Comments are not part of a cron expression; leave out # and the rest.")
    if len(texts) not in {5, 6}:
        count = "1 field" if len(texts) == 1 else f"{len(texts)} fields"
        raise InvalidCron(
            f'The cron expression "{normal}" has {count}; give five (minute, hour, day of month, '
            "month, day of week), or six with seconds first."
        )
