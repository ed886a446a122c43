"""Jobs as the rows of the live table."""

from typing import Any

from components.words import epoch_ms, milliseconds
from cronpp_app.domain.descriptions import describe
from cronpp_app.domain.jobs import HttpAction, Job
from cronpp_app.domain.schedules import CronSchedule, OnceSchedule

Row = dict[str, Any]


def job_row(job: Job) -> Row:
    """Return what the table shows of `job`; moments in ms since 1970."""
    action, schedule, last = job.definition.action, job.definition.schedule, job.last_run
    last_at = (last.finished_at or last.fire_time) if last else None
    return {
        "id": job.id,
        "name": job.definition.name,
        "tags": list(job.definition.tags),
        "method": method_of(job),
        "target": _target(action.url) if isinstance(action, HttpAction) else action.message,
        "status": job.status.value,
        "enabled": job.enabled,
        "why_paused": job.paused_reason,
        "failures": job.consecutive_failures if job.enabled else 0,
        "words": describe(schedule),
        "cron": schedule.cron if isinstance(schedule, CronSchedule) else "",
        "zone": schedule.timezone if isinstance(schedule, CronSchedule | OnceSchedule) else "",
        "next": epoch_ms(job.next_run_time),
        "recent": [list(entry) for entry in job.recent],
        "last": epoch_ms(last_at),
        "took": milliseconds(last.duration_ms) if last and last.duration_ms is not None else "",
        "error": last.error if last else None,
    }


def method_of(job: Job) -> str:
    """Return the HTTP method that `job` calls with, or LOG."""
    action = job.definition.action
    return action.method if isinstance(action, HttpAction) else "LOG"


def _target(url: str) -> str:
    return url.removeprefix("https://").removeprefix("http://")
