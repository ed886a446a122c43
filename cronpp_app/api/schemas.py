"""Answers as the OpenAPI document describes them. Tests hold the real answers against these."""

from typing import Generic, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from cronpp_app.domain.jobs import JobStatus
from cronpp_app.domain.runs import RunStatus

Item = TypeVar("Item", bound=BaseModel)


class Answer(BaseModel):
    """A part of an answer; nothing else is in it."""

    model_config = ConfigDict(extra="forbid")


class WrongField(Answer):
    """What is wrong with one field."""

    field: str = Field(examples=["schedule.cron"])
    message: str


class Problem(Answer):
    """An error (RFC 9457)."""

    type: str = Field(examples=["urn:cronpp:problem:invalid-input"])
    title: str
    status: int
    detail: str
    errors: list[WrongField] = Field(default=[], description="with 422 only: every wrong field")


class UserAnswer(Answer):
    """An account."""

    id: str
    email: str
    role: Literal["admin", "user"]
    created_at: AwareDatetime
    timezone: str


class SignedInAnswer(Answer):
    """A session; the token is shown this once."""

    token: str
    token_type: Literal["bearer"]
    expires_at: AwareDatetime
    user: UserAnswer


class SessionAnswer(Answer):
    """A sign-in; address and user agent are those of the program that signed in."""

    id: str
    created_at: AwareDatetime
    last_seen_at: AwareDatetime = Field(description="to some minutes")
    expires_at: AwareDatetime = Field(description="however much it is used")
    user_agent: str = Field(description="as the program named itself; at most 256 characters")
    address: str
    current: bool = Field(description="whether it is the session that asks")


class TokenAnswer(Answer):
    """An API token, without the token itself; `ending` is its last four characters."""

    id: str
    name: str
    scope: Literal["read", "write"]
    ending: str
    created_at: AwareDatetime
    expires_at: AwareDatetime | None
    last_used_at: AwareDatetime | None = Field(description="to the minute")


class NewTokenAnswer(TokenAnswer):
    """A new API token; `token` is shown this once."""

    token: str = Field(examples=["cpp_…"])


class SigningSecretAnswer(Answer):
    """What signs the caller's calls, `whsec_…`; until `previous_until` the one before does too."""

    secret: str
    previous_until: AwareDatetime | None


class SecretAnswer(Answer):
    """A secret; `value` is its mask, `used_by` the number of jobs that refer to it."""

    name: str
    value: str
    used_by: int
    created_at: AwareDatetime
    updated_at: AwareDatetime


class RunSummaryAnswer(Answer):
    """The runs that are kept: how many by status, and when the first and last of them ended."""

    by_status: dict[RunStatus, int]
    first_finished_at: AwareDatetime | None
    last_finished_at: AwareDatetime | None


class PageAnswer(Answer, Generic[Item]):
    """A page of a list; beyond 10,000 the total stays there and is not exact."""

    items: list[Item]
    next_cursor: str | None
    total: int
    total_is_exact: bool


class ChangedAnswer(Answer):
    """How many a filter matched, and how many of them were changed."""

    matched: int
    changed: int


class PreviewAnswer(Answer):
    """What a schedule means."""

    description: str
    fire_times: list[AwareDatetime]
    notes: list[str]


class HourAnswer(Answer):
    """How the runs ended that finished in this hour."""

    start: AwareDatetime
    succeeded: int
    failed: int


class StatsAnswer(Answer):
    """How the caller's jobs are doing."""

    counts: dict[JobStatus, int]
    in_flight: int
    failing: int
    hours: list[HourAnswer]
    runs_24h: int
    failed_24h: int
    success_rate: float | None
    lateness_p50_ms: int | None
    lateness_p95_ms: int | None
    lateness_p99_ms: int | None


class AliveAnswer(Answer):
    """The process answers."""

    status: Literal["ok"]


class ReadyAnswer(Answer):
    """Whether the database answers, and how many workers were seen in the last 30 s."""

    status: Literal["ready", "unavailable"]
    workers: int
