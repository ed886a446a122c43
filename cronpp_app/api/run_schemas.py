"""Answers about runs and their attempts, as the OpenAPI document describes them."""

from pydantic import AwareDatetime

from cronpp_app.api.schemas import Answer
from cronpp_app.domain.attempts import AttemptStatus, ErrorKind
from cronpp_app.domain.runs import RunStatus, Trigger


class ErrorAnswer(Answer):
    """Why an attempt failed."""

    kind: ErrorKind
    message: str
    traceback: str | None


class RequestAnswer(Answer):
    """What an attempt sent."""

    method: str
    url: str
    headers: dict[str, str]
    body: str | None


class ResponseAnswer(Answer):
    """What came back; of the headers the first 16 KiB, of the body the first 64 KiB."""

    status: int
    headers: dict[str, str]
    body: str
    body_truncated: bool
    size_bytes: int


class AttemptAnswer(Answer):
    """One call: an entry of the execution log."""

    number: int
    worker: str
    status: AttemptStatus
    started_at: AwareDatetime
    finished_at: AwareDatetime | None
    duration_ms: int | None
    request: RequestAnswer | None
    response: ResponseAnswer | None
    error: ErrorAnswer | None
    stale_note: str | None


class ListedRunAnswer(Answer):
    """A run, as lists show it."""

    id: str
    job_id: str
    job_name: str
    job_version: int
    trigger: Trigger
    fire_time: AwareDatetime
    status: RunStatus
    attempt_count: int
    next_attempt_at: AwareDatetime | None
    started_at: AwareDatetime | None
    finished_at: AwareDatetime | None
    lateness_ms: int | None
    duration_ms: int | None
    error: ErrorAnswer | None
    reason: str | None


class RunAnswer(ListedRunAnswer):
    """A run with its attempts."""

    attempts: list[AttemptAnswer]


class StartedRunAnswer(Answer):
    """The run that a request started or changed."""

    run: ListedRunAnswer
