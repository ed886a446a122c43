"""Answers about jobs, as the OpenAPI document describes them."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from cronpp_app.api.schemas import Answer
from cronpp_app.domain.jobs import JobStatus
from cronpp_app.domain.runs import RunStatus


class CronAnswer(Answer):
    """A schedule that a cron expression tells."""

    kind: Literal["cron"]
    cron: str = Field(examples=["30 2 * * *"])
    timezone: str
    start_at: AwareDatetime | None
    end_at: AwareDatetime | None
    jitter_seconds: int


class IntervalAnswer(Answer):
    """A fixed grid from `start_at` on."""

    kind: Literal["interval"]
    every_seconds: int
    start_at: AwareDatetime
    end_at: AwareDatetime | None


class OnceAnswer(Answer):
    """A schedule with one fire time."""

    kind: Literal["once"]
    run_at: AwareDatetime
    timezone: str


ScheduleAnswer = Annotated[CronAnswer | IntervalAnswer | OnceAnswer, Field(discriminator="kind")]


class HttpAnswer(Answer):
    """A call; values of secret headers are masks."""

    kind: Literal["http"]
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
    url: str
    headers: dict[str, str]
    body: str | None
    timeout_seconds: int
    success_statuses: list[str] = Field(examples=[["200-299"]])
    follow_redirects: bool
    secret_headers: list[str] = Field(default=[], description="only there if some are marked")


class LogAnswer(Answer):
    """A line for the execution log."""

    kind: Literal["log"]
    message: str


ActionAnswer = Annotated[HttpAnswer | LogAnswer, Field(discriminator="kind")]


class LastRunAnswer(Answer):
    """The latest run of a job that has ended."""

    id: str
    status: RunStatus
    fire_time: AwareDatetime
    finished_at: AwareDatetime | None
    duration_ms: int | None
    error: str | None


class RetryAnswer(Answer):
    """How many retries, and how long between them."""

    max_retries: int
    backoff: Literal["exponential", "linear", "fixed"]
    base_seconds: int
    max_seconds: int
    jitter: bool
    window_seconds: int | None = Field(default=None, description="only there if it was given")


class MisfireAnswer(Answer):
    """What becomes of fire times noticed late."""

    policy: Literal["skip", "latest", "all"]
    grace_seconds: int
    max_age_seconds: int
    max_runs: int


class DefinitionAnswer(Answer):
    """What a job is, or once was, defined as; secret header values are masked."""

    name: str
    description: str
    tags: list[str]
    schedule: ScheduleAnswer
    action: ActionAnswer
    retry: RetryAnswer
    overlap: Literal["skip", "queue", "allow"]
    misfire: MisfireAnswer


class JobAnswer(DefinitionAnswer):
    """A job; of its schedule and action all fields are there, those not given as well."""

    id: str
    version: int
    status: JobStatus
    enabled: bool
    paused_reason: str | None
    next_run_time: AwareDatetime | None
    last_run: LastRunAnswer | None
    consecutive_failures: int
    created_at: AwareDatetime
    updated_at: AwareDatetime


class BulkAnswer(Answer):
    """How many jobs there were, and how many of them were changed (or run)."""

    matched: int
    changed: int


class ExportedJobAnswer(DefinitionAnswer):
    """A job as an import takes it; secret header values are masked."""

    id: str
    enabled: bool


class ExportAnswer(Answer):
    """All jobs of a person."""

    format: Literal["cronpp-jobs"]
    exported_at: AwareDatetime
    jobs: list[ExportedJobAnswer]


class ImportedJobAnswer(Answer):
    """A job that an import made, or would make."""

    name: str
    enabled: bool
    next_run_time: AwareDatetime | None


class ImportAnswer(Answer):
    """What an import made, or in a dry run would make (then there are no `ids`)."""

    dry_run: bool
    created: int
    ids: list[str]
    jobs: list[ImportedJobAnswer]
