"""What of a person's jobs needs a look, in words."""

from collections.abc import Sequence
from itertools import chain, zip_longest

from components.attention import Trouble
from components.words import counted, epoch_ms
from cronpp_app.domain.jobs import Job
from cronpp_app.services.overview import Attention, Overview, WorkerInfo

SHOWN_TROUBLES = 6


def troubles_of(
    overview: Overview, attention: Attention, workers: Sequence[WorkerInfo]
) -> tuple[list[Trouble], int]:
    """Return the lines to show, and how many there are to tell, shown or not.

    No worker comes first, then some of every kind.
    """
    stopped = [_stopped(job) for job in attention.stopped]
    failing = [_failing(job) for job in attention.failing]
    overdue = [_overdue(job) for job in attention.overdue]
    mixed = chain.from_iterable(zip_longest(failing, overdue, stopped))
    found = [trouble for trouble in mixed if trouble is not None]
    lines = ([] if workers else [_NO_WORKER]) + found
    more_failing = max(0, overview.failing - len(failing))
    return lines[:SHOWN_TROUBLES], len(lines) + more_failing


_NO_WORKER = Trouble(
    kind="worker",
    title="No worker is running",
    words="Nothing is sent until one starts: python worker.py",
    href="/workers",
)


def _failing(job: Job) -> Trouble:
    last = job.last_run
    times = counted(job.consecutive_failures, "run")
    why = last.error if last and last.error else ""
    return Trouble(
        kind="failing",
        title=job.definition.name,
        words=f"{times} failed in a row" + (f": {why}" if why else ""),
        href=f"/jobs/{job.id}/runs?status=FAILED",
        since_ms=epoch_ms((last.finished_at or last.fire_time) if last else None),
    )


def _overdue(job: Job) -> Trouble:
    return Trouble(
        kind="late",
        title=job.definition.name,
        words="Its time has come, but no worker has taken it up",
        href=f"/jobs/{job.id}",
        since_ms=epoch_ms(job.next_run_time),
    )


def _stopped(job: Job) -> Trouble:
    return Trouble(
        kind="stopped",
        title=job.definition.name,
        words=f"Paused by Cron++: {job.paused_reason}",
        href=f"/jobs/{job.id}",
        since_ms=epoch_ms(job.paused_at),
    )
