"""Jobs: what a user defines. A job is never executed itself; its runs are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from cronpp_app.domain.backoff import RetryPolicy
from cronpp_app.domain.schedules import Schedule
from cronpp_app.domain.secrets import Sealed


class JobStatus(StrEnum):
    """Where a job stands; PAUSED while it is not enabled."""

    PENDING = "PENDING"  # waits for its next fire time
    RUNNING = "RUNNING"
    RETRYING = "RETRYING"
    PAUSED = "PAUSED"
    SUCCESS = "SUCCESS"  # its schedule has ended, the last run succeeded
    FAILED = "FAILED"  # its schedule has ended, the last run did not


class Overlap(StrEnum):
    """What a due run does while another of the same job is unfinished."""

    SKIP = "skip"
    QUEUE = "queue"
    ALLOW = "allow"


class CatchUp(StrEnum):
    """What misfires are worth: nothing, one run for the latest, or a run each."""

    SKIP = "skip"
    LATEST = "latest"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class MisfirePolicy:
    """A fire time noticed more than `grace` late is a misfire; `policy` says what becomes of it.

    With CatchUp.ALL at most `max_runs` runs are caught up, none older than `max_age`.
    """

    policy: CatchUp = CatchUp.LATEST
    grace: timedelta = timedelta(seconds=60)
    max_age: timedelta = timedelta(days=1)
    max_runs: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusRange:
    """An inclusive range of HTTP statuses."""

    first: int
    last: int

    def __contains__(self, status: int) -> bool:
        return self.first <= status <= self.last

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


SUCCESS_STATUSES = (StatusRange(first=200, last=299),)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAction:
    """Call a URL; `body` is sent byte for byte as UTF-8, `timeout` is one total deadline.

    `secret_headers` are marked as secret besides those that always are. A header in `sealed`
    stands in `headers` as its mask.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    timeout: timedelta = timedelta(seconds=30)
    success_statuses: tuple[StatusRange, ...] = SUCCESS_STATUSES
    follow_redirects: bool = False
    secret_headers: tuple[str, ...] = ()
    sealed: Mapping[str, Sealed] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogAction:
    """Write a line to the execution log."""

    message: str


Action = HttpAction | LogAction


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """What the job list shows of the most recent run."""

    id: str
    status: str
    fire_time: datetime
    finished_at: datetime | None = None
    duration_ms: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDefinition:
    """All that a person decides about a job."""

    name: str
    schedule: Schedule
    action: Action
    description: str = ""
    tags: tuple[str, ...] = ()
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    overlap: Overlap = Overlap.SKIP
    misfire: MisfirePolicy = field(default_factory=MisfirePolicy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as it stands: its definition, and how it is doing.

    `next_run_time` is the earliest fire time not yet turned into a run; None when the
    schedule has ended or the job is paused. `paused_reason` tells why the system paused it.
    `recent` are the statuses and durations (ms) of the last runs, oldest first. `damaged_parts`
    are the fields that the database does not hold in a readable form; such a job only waits
    to be mended or deleted.
    """

    id: str
    user_id: str
    version: int
    definition: JobDefinition
    status: JobStatus
    enabled: bool
    created_at: datetime
    updated_at: datetime
    next_run_time: datetime | None = None
    paused_at: datetime | None = None
    paused_reason: str | None = None
    last_run: LastRun | None = None
    consecutive_failures: int = 0
    recent: tuple[tuple[str, int], ...] = ()
    damaged_parts: tuple[str, ...] = ()
