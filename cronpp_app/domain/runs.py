"""Runs: one occurrence of one job each, whatever became of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from cronpp_app.domain.attempts import AttemptError, AttemptResult, ErrorKind
from cronpp_app.domain.backoff import RetryPolicy, retry_delay
from cronpp_app.domain.jobs import Action, Overlap
from cronpp_app.errors import InvalidTransition


class RunStatus(StrEnum):
    """Where a run stands (drawn in docs/lifecycle.md)."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    RETRYING = "RETRYING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"
    MISSED = "MISSED"
    CANCELLED = "CANCELLED"


class Trigger(StrEnum):
    """What brought a run about."""

    SCHEDULE = "schedule"
    MANUAL = "manual"
    REPLAY = "replay"


WAITING: Final = frozenset({RunStatus.PENDING, RunStatus.RETRYING})
UNFINISHED: Final = WAITING | {RunStatus.RUNNING}
FINAL: Final = frozenset(RunStatus) - UNFINISHED

NEXT_STATUSES: Final = MappingProxyType(
    {
        RunStatus.PENDING: frozenset(
            {RunStatus.RUNNING, RunStatus.CANCELLED, RunStatus.SKIPPED, RunStatus.MISSED}
        ),
        RunStatus.RUNNING: frozenset(
            {RunStatus.SUCCESS, RunStatus.RETRYING, RunStatus.FAILED, RunStatus.CANCELLED}
            | {RunStatus.PENDING}  # given back by a draining worker, its attempt not spent
        ),
        RunStatus.RETRYING: frozenset({RunStatus.RUNNING, RunStatus.CANCELLED}),
        **{status: frozenset[RunStatus]() for status in FINAL},
    }
)

# Three attempts in a row without an answer: the run itself is likely what kills its workers.
POISON_AFTER_LOST: Final = 3


def check_transition(old: RunStatus, new: RunStatus) -> None:
    """Raise InvalidTransition unless a run may go from `old` to `new`."""
    if new not in NEXT_STATUSES[old]:
        raise InvalidTransition(f"a run cannot go from {old} to {new}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One row of the ledger; its id is made of job and fire time, so it can exist only once.

    `wake_at` is when somebody must look at it next: its due time while it waits, the end of
    its lease while it runs, None when it is final. `lost_count` counts the latest attempts
    in a row that ended without an answer, `spared_count` those that a stopping worker broke
    off, which are not held against the run. A row that stands for `fire_count` fire times
    without a run reaches from `fire_time` to `last_fire_time`.
    """

    id: str
    job_id: str
    user_id: str
    job_name: str
    job_version: int
    trigger: Trigger
    fire_time: datetime
    status: RunStatus
    action: Action
    retry: RetryPolicy
    overlap: Overlap
    created_at: datetime
    wake_at: datetime | None = None
    attempt_count: int = 0
    lost_count: int = 0
    spared_count: int = 0
    claim_id: str | None = None
    worker_id: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    duration_ms: int | None = None
    lateness_ms: int | None = None
    error: AttemptError | None = None
    reason: str | None = None
    possible_duplicate: bool = False
    last_fire_time: datetime | None = None
    fire_count: int = 1

    @property
    def next_attempt_at(self) -> datetime | None:
        """Return when the next attempt is due, while the run waits for one."""
        return self.wake_at if self.status in WAITING else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What an attempt's result makes of its run; `pause_job` when the target is gone for good."""

    status: RunStatus
    retry_at: datetime | None = None
    reason: str | None = None
    pause_job: bool = False


def judge_attempt(
    result: AttemptResult,
    *,
    attempt: int,
    lost_count: int,
    policy: RetryPolicy,
    now: datetime,
    draw: float,
) -> Verdict:
    """Decide what the result of attempt number `attempt` makes of its run.

    Nobody else decides: workers, reapers and people's "retry now" all come through here.
    `draw` is a number in [0, 1) that spreads the retries of many jobs.
    """
    if result.ok:
        return Verdict(status=RunStatus.SUCCESS)
    if lost_count >= POISON_AFTER_LOST:
        return Verdict(status=RunStatus.FAILED, reason="poison")
    if not result.retryable or attempt >= policy.max_attempts:
        return Verdict(status=RunStatus.FAILED, pause_job=result.gone)
    delay = retry_delay(policy, attempt=attempt, draw=draw, retry_after=result.retry_after)
    return Verdict(status=RunStatus.RETRYING, retry_at=now + delay)


def lost_result(worker_id: str) -> AttemptResult:
    """Return the result of an attempt whose worker `worker_id` never reported back."""
    message = (
        f"Worker {worker_id} stopped answering before it recorded a result. "
        "The request may or may not have reached its target."
    )
    error = AttemptError(kind=ErrorKind.LOST, message=message)
    return AttemptResult(error=error, retryable=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStanding:
    """Whether a job is enabled at a moment, and since when it is not."""

    enabled: bool
    paused_at: datetime | None


def reason_not_to_start(run: Run, job: JobStanding | None) -> str | None:
    """Return why an attempt of `run` must not start now, or None if it may.

    A job deleted since takes its waiting runs with it. A pause stops every run that existed
    when it was made; only runs made by hand afterwards go on (I11, I12).
    """
    if job is None:
        return "The job was deleted."
    if job.enabled:
        return None
    made_by_hand = run.trigger is not Trigger.SCHEDULE
    if made_by_hand and job.paused_at is not None and run.created_at > job.paused_at:
        return None
    return "The job was paused."
