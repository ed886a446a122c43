"""Runs: one occurrence of one job each, whatever became of it."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import partial
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
        RunStatus.PENDING: frozenset({RunStatus.RUNNING, RunStatus.CANCELLED}),
        RunStatus.RUNNING: frozenset(
            {RunStatus.SUCCESS, RunStatus.RETRYING, RunStatus.FAILED, RunStatus.CANCELLED}
            | {RunStatus.SKIPPED}  # claimed ahead, then found another run in the way
            | {RunStatus.PENDING}  # claimed ahead, then given back unsent
        ),
        RunStatus.RETRYING: frozenset({RunStatus.RUNNING, RunStatus.CANCELLED}),
        **{status: frozenset[RunStatus]() for status in FINAL},
    }
)

# Three attempts in a row without an answer: the run itself is likely what kills its workers.
POISON_AFTER_LOST: Final = 3
POISON: Final = "poison"
# One poisoned run may merely have been under way beside another's; two in a row stop their job.
PAUSE_AFTER_POISONED: Final = 2


def check_transition(old: RunStatus, new: RunStatus) -> None:
    """Raise InvalidTransition unless a run may go from `old` to `new`."""
    if new not in NEXT_STATUSES[old]:
        raise InvalidTransition(f"a run cannot go from {old} to {new}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One row of the ledger; its id is made of job and fire time, so it can exist only once.

    `wake_at` is when somebody must look at it next: its due time while it waits, the end of
    its lease while it runs (`due_at` keeps what it was), None when it is final. `lost_count`
    counts the latest attempts in a row that ended without an answer, `spared_count` those
    that a stopping worker broke off, which are not held against the run. A `seated` run is
    the one that its job's overlap policy lets through. A row that stands for `fire_count` fire
    times without a run reaches from `fire_time` to `last_fire_time`.
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
    previous_worker_id: str | None = None
    due_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    duration_ms: int | None = None
    lateness_ms: int | None = None
    error: AttemptError | None = None
    reason: str | None = None
    possible_duplicate: bool = False
    seated: bool = False
    last_fire_time: datetime | None = None
    fire_count: int = 1

    @property
    def next_attempt_at(self) -> datetime | None:
        """Return when the next attempt is due, while the run waits for one."""
        return self.wake_at if self.status in WAITING else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What an attempt's result makes of its run.

    `lost_count`, `spared_count` and `possible_duplicate` are the run's from now on;
    `pause_job` says that the target is gone for good.
    """

    status: RunStatus
    retry_at: datetime | None = None
    reason: str | None = None
    pause_job: bool = False
    lost_count: int = 0
    spared_count: int = 0
    possible_duplicate: bool = False


def judge_attempt(run: Run, result: AttemptResult, *, now: datetime, draw: float) -> Verdict:
    """Decide what the result of the present attempt of `run` makes of the run.

    Nobody else decides: workers and reapers all come through here. `draw` is a number in
    [0, 1) that spreads the retries of many jobs. A spared attempt is not held against the
    run, which is due again at once.
    """
    lost_count = run.lost_count + 1 if result.lost else 0
    spared_count = run.spared_count + 1 if result.spared else run.spared_count
    judge = partial(
        Verdict,
        lost_count=lost_count,
        spared_count=spared_count,
        possible_duplicate=run.possible_duplicate or (result.lost and result.maybe_sent),
    )
    if result.ok:
        return judge(status=RunStatus.SUCCESS)
    if lost_count >= POISON_AFTER_LOST:
        return judge(status=RunStatus.FAILED, reason=POISON)
    if result.spared:
        return judge(status=RunStatus.RETRYING, retry_at=now)
    attempt = run.attempt_count - spared_count
    if not result.retryable or attempt >= run.retry.max_attempts:
        return judge(status=RunStatus.FAILED, pause_job=result.gone)
    delay = retry_delay(run.retry, attempt=attempt, draw=draw, retry_after=result.retry_after)
    window = run.retry.window
    if window is not None and now + delay > max(run.fire_time, run.created_at) + window:
        reason = (
            f"The next retry would begin after the retry window of {window.total_seconds():g} s."
        )
        return judge(status=RunStatus.FAILED, reason=reason)
    return judge(status=RunStatus.RETRYING, retry_at=now + delay)


def cancelled_verdict(run: Run, reason: str) -> Verdict:
    """Return the verdict on the present attempt of a `run` that is cancelled meanwhile."""
    return Verdict(
        status=RunStatus.CANCELLED,
        reason=reason,
        lost_count=run.lost_count,
        spared_count=run.spared_count,
        possible_duplicate=run.possible_duplicate,
    )


def without_head_start(run: Run, *, now: datetime) -> Run:
    """Return `run` as people see it: one that a worker claimed ahead of its time still waits."""
    if run.status is not RunStatus.RUNNING or run.due_at is None or run.due_at <= now:
        return run
    attempts_made = run.attempt_count - 1
    return replace(
        run,
        status=RunStatus.RETRYING if attempts_made else RunStatus.PENDING,
        attempt_count=attempts_made,
        wake_at=run.due_at,
    )


def lost_result(worker_id: str, *, sent: bool) -> AttemptResult:
    """Return the result of an attempt whose worker `worker_id` never reported back.

    `sent` says whether its request may have left; if not, the attempt is spared.
    """
    what = (
        "The request may or may not have reached its target."
        if sent
        else "Nothing had been sent yet."
    )
    message = f"Worker {worker_id} stopped answering before it recorded a result. {what}"
    error = AttemptError(kind=ErrorKind.LOST, message=message)
    return AttemptResult(error=error, retryable=True, spared=not sent, maybe_sent=sent)


def broken_off_result(worker_id: str) -> AttemptResult:
    """Return the result of an attempt that a stopping worker did not wait for."""
    message = (
        f"Worker {worker_id} was stopped before the answer came. "
        "Another attempt follows, which is not counted as a retry."
    )
    error = AttemptError(kind=ErrorKind.LOST, message=message)
    return AttemptResult(error=error, retryable=True, spared=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStanding:
    """How a job stands at the moment one of its runs is to start."""

    enabled: bool
    paused_at: datetime | None
    version: int
    edited_at: datetime


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


def was_fired_ahead_of_an_edit(run: Run, job: JobStanding) -> bool:
    """Return whether the job was edited after `run` was fired but before it was due (I13)."""
    return (
        run.trigger is Trigger.SCHEDULE
        and run.attempt_count == 1
        and job.version > run.job_version
        and job.edited_at <= run.fire_time
    )
