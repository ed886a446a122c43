"""Runs as the rows of a live table."""

from components.live_table import Row
from components.words import counted, epoch_ms, milliseconds
from cronpp_app.domain.runs import Run

# Later than this is worth a colour.
_LATE_MS = 1_000


def run_row(run: Run, *, shows_job: bool) -> Row:
    """Return what a table shows of `run`; moments in ms since 1970."""
    late = run.lateness_ms
    return {
        "id": run.id,
        "job_id": run.job_id,
        "job": run.job_name if shows_job else None,
        "status": run.status.value,
        "fire": epoch_ms(run.fire_time),
        "trigger": run.trigger.value,
        "late": "" if late is None else milliseconds(late),
        "is_late": late is not None and late >= _LATE_MS,
        "took": "" if run.duration_ms is None else milliseconds(run.duration_ms),
        "note": _note(run),
        "next": epoch_ms(run.next_attempt_at) if run.attempt_count else None,
    }


def _note(run: Run) -> str:
    if run.fire_count > 1:
        return f"{run.fire_count:,} fire times: {run.reason or ''}"
    if run.error is not None:
        return run.error.message
    if run.reason is not None:
        return run.reason
    return counted(run.attempt_count, "attempt") if run.attempt_count > 1 else ""
