"""Types of the fields that people fill in: each refuses bad input in one clear sentence."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, NoReturn

from pydantic import (
    AfterValidator,
    BeforeValidator,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from cronpp_app.domain.cron import InvalidCron, check_cron
from cronpp_app.domain.jobs import StatusRange
from cronpp_app.domain.references import (
    has_references,
    misspelled_reference,
    without_references,
)
from cronpp_app.domain.schedules import Schedule
from cronpp_app.domain.zones import InvalidZone, check_timezone
from cronpp_app.outbound.urls import InvalidUrl, read_url
from cronpp_app.services.texts import read_moment, text_problem

LONGEST_URL = 2_048
_TAG = re.compile(r"[\w.:\-]+")
_STATUSES = re.compile(r"([2-5]\d\d)(?:-([2-5]\d\d))?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftContext:
    """What checking a draft needs to know: the moment, and the schedule the job has already.

    A job that is not to be on its timetable may have a schedule that has ended.
    """

    now: datetime
    kept_schedule: Schedule | None = None
    may_have_ended: bool = False


def refuse(message: str, *, field: str | None = None) -> NoReturn:
    """Refuse a value in one sentence; `field` names the field of a model that is to blame."""
    # Given as context, because a message with braces in it would be read as a template.
    raise PydanticCustomError("refused", "{sentence}", {"sentence": message, "field": field or ""})


def context_of(info: ValidationInfo) -> DraftContext:
    """Return the context a draft is checked in; there always is one."""
    context = info.context
    assert isinstance(context, DraftContext)  # noqa: S101 - drafts are parsed in drafts.py only
    return context


def shown(value: object) -> str:
    """Return `value` as an error may quote it: short, and in the words of JSON."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


@dataclass(frozen=True, slots=True)
class Whole:
    """Marks an int as a whole number from `low` to `high`: no text, boolean or fraction."""

    low: int
    high: int

    def __get_pydantic_core_schema__(
        self, source: type, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return handler(schema) | {"minimum": self.low, "maximum": self.high}

    def _check(self, value: object) -> object:
        if type(value) is not int or not self.low <= value <= self.high:
            refuse(f"Must be a whole number from {self.low} to {self.high:,}, not {shown(value)}.")
        return value


@dataclass(frozen=True, slots=True)
class Text:
    """Marks a str as one of `low` to `high` characters that shows as what it is."""

    low: int
    high: int
    lines: bool = False
    strip: bool = False

    def __get_pydantic_core_schema__(
        self, source: type, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return handler(schema) | {"minLength": self.low, "maxLength": self.high}

    def _check(self, value: object) -> object:
        if not isinstance(value, str):
            refuse(f"Must be a text, not {shown(value)}.")
        plain = value.strip() if self.strip else value
        if not self.low <= len(plain) <= self.high:
            allowed = f"{self.low} to {self.high:,}" if self.low else f"at most {self.high:,}"
            refuse(f"Must be {allowed} characters long, not {len(plain):,}.")
        if problem := text_problem(plain, lines=self.lines):
            refuse(problem)
        return plain


def _worded(check: Callable[[str], str]) -> Callable[[str], str]:
    def checked(value: str) -> str:
        try:
            return check(value)
        except (InvalidCron, InvalidZone) as error:
            refuse(str(error))

    return checked


def _moment(value: object, info: ValidationInfo) -> object:
    if not isinstance(value, str):
        refuse(f"Must be a text like 2027-01-31T09:00:00Z, not {shown(value)}.")
    # Only a zone that was given explains a time without an offset.
    zone = info.data.get("timezone") if "timezone" in info.data else None
    try:
        return read_moment(value, timezone=zone)
    except ValueError as error:
        refuse(str(error))


def _moment_or_none(value: object, info: ValidationInfo) -> object:
    return None if value is None else _moment(value, info)


def _status_range(value: object) -> StatusRange:
    found = _STATUSES.fullmatch(str(value)) if type(value) in (int, str) else None
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, -1)
    if first > last:
        refuse(f'Must be a status or a range from 200 to 599, like "200-299", not {shown(value)}.')
    return StatusRange(first=first, last=last)


def _tag(value: str) -> str:
    if not _TAG.fullmatch(value):
        refuse(f"A tag is made of letters, digits and . _ : - only, not {shown(value)}.")
    return value


def check_references(value: str) -> str:
    """Return `value`; refuse what was meant as a reference to a secret and is none."""
    if misspelled := misspelled_reference(value):
        refuse(
            f"{shown(misspelled)} is no reference to a secret; write {{{{secret.NAME}}}} with a "
            "name of capital letters, digits and _."
        )
    return value


def _url(value: str) -> str:
    check_references(value)
    if value.startswith("{{") and has_references(value):
        return value  # how it begins is known only with the secret
    try:
        read_url(without_references(value, "x"))
    except InvalidUrl as error:
        refuse(str(error))
    return value


CronText = Annotated[str, AfterValidator(_worded(check_cron))]
ZoneName = Annotated[str, AfterValidator(_worded(check_timezone))]
Moment = Annotated[datetime, BeforeValidator(_moment)]
OptionalMoment = Annotated[datetime | None, BeforeValidator(_moment_or_none)]
Tag = Annotated[str, AfterValidator(_tag), Text(1, 50)]
Url = Annotated[str, AfterValidator(_url), Text(1, LONGEST_URL)]
Statuses = Annotated[
    Any,
    BeforeValidator(_status_range),
    WithJsonSchema({"type": ["string", "integer"], "examples": ["200-299", 404]}),
]
