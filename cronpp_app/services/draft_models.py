"""Drafts of jobs: the JSON of the public interface, checked field by field.

Checks across fields stand with the later of the two fields, so that they are reported together
with everything else that is wrong.
"""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from cronpp_app.domain.references import without_references
from cronpp_app.domain.schedules import (
    CronSchedule,
    IntervalSchedule,
    OnceSchedule,
    next_fire,
)
from cronpp_app.outbound.requests import says_json
from cronpp_app.services.draft_types import (
    CronText,
    DraftContext,
    Moment,
    OptionalMoment,
    Statuses,
    Tag,
    Text,
    Url,
    Whole,
    ZoneName,
    check_references,
    context_of,
    refuse,
    shown,
)
from cronpp_app.services.headers import (
    check_header_count,
    check_header_name,
    check_header_value,
    check_headers,
)
from cronpp_app.services.json_text import InvalidJson, read_json

YEARS_AHEAD = 5
LARGEST_BODY = 256 * 1024
_HEADERS_EXAMPLE = {"Content-Type": "application/json"}


class Strict(BaseModel):
    """A body of the public interface: unknown fields are errors, nothing is converted."""

    model_config = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True)


class CronDraft(Strict):
    """Fires when a cron expression says so: five fields, six with seconds first, or an alias."""

    kind: Literal["cron"]
    timezone: ZoneName = "UTC"
    cron: CronText = Field(examples=["30 2 * * *", "*/10 * * * * *", "@daily"])
    start_at: OptionalMoment = None
    end_at: OptionalMoment = None
    jitter_seconds: Annotated[int, Whole(0, 3_600)] = 0

    @model_validator(mode="after")
    def _fires(self, info: ValidationInfo) -> Self:
        _check_window(self.start_at, self.end_at)
        _check_fires(self.schedule(), context_of(info), field="cron")
        return self

    def schedule(self) -> CronSchedule:
        """Return the schedule that this describes."""
        return CronSchedule(
            cron=self.cron,
            timezone=self.timezone,
            start_at=self.start_at,
            end_at=self.end_at,
            jitter_seconds=self.jitter_seconds,
        )


class IntervalDraft(Strict):
    """Fires on a fixed grid from `start_at`, or from the moment of creation."""

    kind: Literal["interval"]
    every_seconds: Annotated[int, Whole(1, 31_536_000)]
    start_at: OptionalMoment = None
    end_at: OptionalMoment = None

    @model_validator(mode="after")
    def _fires(self, info: ValidationInfo) -> Self:
        if self.start_at is None:
            self.start_at = context_of(info).now
        _check_window(self.start_at, self.end_at)
        _check_fires(
            self.schedule(), context_of(info), field="end_at" if self.end_at else "start_at"
        )
        return self

    def schedule(self) -> IntervalSchedule:
        """Return the schedule that this describes."""
        assert self.start_at is not None  # noqa: S101 - filled in by the check above
        every = timedelta(seconds=self.every_seconds)
        return IntervalSchedule(every=every, start_at=self.start_at, end_at=self.end_at)


class OnceDraft(Strict):
    """Fires once; a local time without an offset needs `timezone`."""

    kind: Literal["once"]
    timezone: ZoneName | None = None
    run_at: Moment

    @model_validator(mode="after")
    def _fires(self, info: ValidationInfo) -> Self:
        context = context_of(info)
        in_range = context.now < self.run_at <= _years_after(context.now)
        in_range |= context.may_have_ended and self.run_at <= context.now
        if not in_range and self.schedule() != context.kept_schedule:
            refuse(f"Must be in the future and within {YEARS_AHEAD} years.", field="run_at")
        return self

    def schedule(self) -> OnceSchedule:
        """Return the schedule that this describes."""
        return OnceSchedule(run_at=self.run_at, timezone=self.timezone or "UTC")


ScheduleDraft = Annotated[CronDraft | IntervalDraft | OnceDraft, Field(discriminator="kind")]


def _worded(check: Any) -> Any:
    def checked(value: Any) -> Any:
        try:
            return check(value)
        except ValueError as error:
            refuse(str(error))

    return checked


HeaderName = Annotated[str, AfterValidator(_worded(check_header_name))]
HeaderValue = Annotated[
    str, AfterValidator(_worded(check_header_value)), AfterValidator(check_references)
]
Headers = Annotated[
    dict[HeaderName, HeaderValue],
    BeforeValidator(_worded(check_header_count)),
    AfterValidator(_worded(check_headers)),
]


class HttpDraft(Strict):
    """Call a URL; the body is sent byte for byte as UTF-8."""

    kind: Literal["http"]
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
    url: Url = Field(examples=["https://example.org/hook"])
    headers: Headers = Field(default={}, examples=[_HEADERS_EXAMPLE])
    body: str | None = Field(default=None, examples=['{"full": true}'])
    timeout_seconds: Annotated[int, Whole(1, 3_600)] = 30
    success_statuses: list[Statuses] = Field(default=["200-299"], validate_default=True)
    follow_redirects: bool = False
    secret_headers: list[HeaderName] = Field(
        default=[], examples=[["X-Webhook-Token"]], description="headers to be kept as secrets"
    )

    @field_validator("secret_headers")
    @classmethod
    def _given(cls, marked: list[str], info: ValidationInfo) -> list[str]:
        headers = {name.casefold() for name in info.data.get("headers") or {}}
        missing = next((name for name in marked if name.casefold() not in headers), None)
        if "headers" in info.data and missing is not None:
            refuse(f"There is no header {shown(missing)}; mark one that is given in headers.")
        return list({name.casefold(): name for name in marked}.values())

    @field_validator("body")
    @classmethod
    def _sendable(cls, body: str | None, info: ValidationInfo) -> str | None:
        if not body:
            return None
        if info.data.get("method") in {"GET", "HEAD"}:
            refuse(f"A {info.data['method']} request cannot have a body; leave it out.")
        check_references(body)
        size = len(body.encode("utf-8", "surrogatepass"))
        if size > LARGEST_BODY:
            refuse(f"Must be at most {LARGEST_BODY:,} bytes of UTF-8, not {size:,}.")
        if says_json(info.data.get("headers") or {}):
            try:
                read_json(without_references(body))
            except InvalidJson as error:
                refuse(f"Is not valid JSON: {error}.")
        return body

    @field_validator("success_statuses")
    @classmethod
    def _some(cls, ranges: list[Any]) -> list[Any]:
        if not 1 <= len(ranges) <= 20:
            refuse(f"Must be 1 to 20 statuses or ranges, not {len(ranges)}.")
        return ranges


class LogDraft(Strict):
    """Write a line to the execution log."""

    kind: Literal["log"]
    message: Annotated[str, Text(1, 2_000, lines=True)]


ActionDraft = Annotated[HttpDraft | LogDraft, Field(discriminator="kind")]


class ActionTest(Strict):
    """An action to be tried out."""

    action: ActionDraft


class RetryDraft(Strict):
    """How many retries a run gets, and how long between them."""

    max_retries: Annotated[int, Whole(0, 20)] = 3
    backoff: Literal["exponential", "linear", "fixed"] = "exponential"
    base_seconds: Annotated[int, Whole(1, 3_600)] = 10
    max_seconds: Annotated[int, Whole(1, 86_400)] = 3_600
    jitter: bool = True
    window_seconds: Annotated[int, Whole(1, 2_592_000)] | None = None

    @field_validator("max_seconds")
    @classmethod
    def _not_below_base(cls, seconds: int, info: ValidationInfo) -> int:
        base = info.data.get("base_seconds")
        if base is not None and seconds < base:
            refuse(f"Must be at least base_seconds ({base}), not {seconds}.")
        return seconds


class MisfireDraft(Strict):
    """What becomes of fire times noticed more than `grace_seconds` late."""

    policy: Literal["skip", "latest", "all"] = "latest"
    grace_seconds: Annotated[int, Whole(1, 604_800)] = 60
    max_age_seconds: Annotated[int, Whole(1, 31_536_000)] = 86_400
    max_runs: Annotated[int, Whole(1, 1_000)] = 100


class JobDraft(Strict):
    """All that a person decides about a job."""

    name: Annotated[str, Text(1, 200, strip=True)] = Field(examples=["Nightly export"])
    description: Annotated[str, Text(0, 2_000, lines=True)] = ""
    tags: list[Tag] = Field(default=[], examples=[["billing"]])
    schedule: ScheduleDraft
    action: ActionDraft
    retry: RetryDraft = RetryDraft()
    overlap: Literal["skip", "queue", "allow"] = "skip"
    misfire: MisfireDraft = MisfireDraft()
    enabled: bool = True

    @field_validator("tags")
    @classmethod
    def _few(cls, tags: list[str]) -> list[str]:
        if len(tags) > 20:
            refuse(f"Must be at most 20 tags, not {len(tags)}.")
        return list(dict.fromkeys(tags))


def _check_window(start_at: datetime | None, end_at: datetime | None) -> None:
    if start_at is not None and end_at is not None and end_at <= start_at:
        refuse("Must be after start_at.", field="end_at")


def _check_fires(
    schedule: CronSchedule | IntervalSchedule, context: DraftContext, *, field: str
) -> None:
    ended = schedule.end_at is not None and schedule.end_at <= context.now
    if schedule == context.kept_schedule or (ended and context.may_have_ended):
        return
    if ended:
        refuse("Must be in the future.", field="end_at")
    fire = next_fire(schedule, after=context.now)
    if fire is None or fire > _years_after(context.now):
        refuse(f"Does not fire within the next {YEARS_AHEAD} years.", field=field)


def _years_after(now: datetime) -> datetime:
    day = min(now.day, 28) if now.month == 2 else now.day
    return now.replace(year=now.year + YEARS_AHEAD, day=day)
