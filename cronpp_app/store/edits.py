"""What an edit makes of a job's document."""

from datetime import datetime

from cronpp_app.domain.jobs import Job, JobDefinition, JobStatus
from cronpp_app.store.documents import (
    JOB_SCHEMA,
    LONG_AGO,
    NEVER,
    Document,
    definition_fields,
)


def edited_fields(
    job: Job, definition: JobDefinition, *, next_run_time: datetime | None, now: datetime
) -> Document:
    """Return what the fields of `job` become by giving it `definition`, as expressions.

    `next_run_time` counts only when the schedule is another one: the engine moves that of
    a schedule that stays, and an edit must not turn it back.
    """
    fields: Document = {
        name: {"$literal": value} for name, value in definition_fields(definition).items()
    }
    fields |= {"version": {"$add": ["$version", 1]}, "updated_at": now}
    if definition.schedule != job.definition.schedule:
        fields |= _rescheduled(next_run_time)
    return fields | _mended(job) if job.damaged_parts else fields


def _mended(job: Job) -> Document:
    """Return what makes the document of a damaged job sound again, beside its definition."""
    return {
        "schema": JOB_SCHEMA,
        "version": job.version + 1,
        "status": JobStatus.PAUSED.value,
        "enabled": False,
        "paused_at": job.updated_at,
        "created_at": job.created_at,
        "consecutive_failures": {"$literal": 0},
        "recent": [],
        "next_sort": NEVER,
        "last_sort": LONG_AGO,
        **dict.fromkeys(("next_run_time", "last_run", "paused_reason"), "$$REMOVE"),
    }


def _rescheduled(next_run_time: datetime | None) -> Document:
    """Return the fields of a job with a new schedule; one that had ended waits again."""
    ended = [JobStatus.SUCCESS.value, JobStatus.FAILED.value]
    waits_again = {"$in": ["$status", ended]}
    return {
        "next_run_time": {"$cond": ["$enabled", next_run_time or "$$REMOVE", "$$REMOVE"]},
        "next_sort": {"$cond": ["$enabled", next_run_time or NEVER, NEVER]},
        "status": {"$cond": [waits_again, JobStatus.PENDING.value, "$status"]},
    }
