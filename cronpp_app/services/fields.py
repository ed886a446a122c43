"""Domain values as the JSON of the public interface; secrets masked."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, assert_never

from cronpp_app.domain.attempts import Attempt, AttemptError
from cronpp_app.domain.backoff import RetryPolicy
from cronpp_app.domain.jobs import (
    Action,
    HttpAction,
    Job,
    JobDefinition,
    LastRun,
    LogAction,
    MisfirePolicy,
)
from cronpp_app.domain.runs import Run
from cronpp_app.domain.schedules import CronSchedule, IntervalSchedule, OnceSchedule, Schedule
from cronpp_app.domain.secrets import masked_headers
from cronpp_app.services.masks import shown_headers
from cronpp_app.services.texts import moment_text

Fields = dict[str, Any]


def job_fields(job: Job) -> Fields:
    """Return `job` as the public interface shows it."""
    return {
        "id": job.id,
        "version": job.version,
        **definition_fields(job.definition),
        "status": job.status.value,
        "enabled": job.enabled,
        "paused_reason": job.paused_reason,
        "next_run_time": _moment(job.next_run_time),
        "last_run": _last_run(job.last_run),
        "consecutive_failures": job.consecutive_failures,
        "created_at": _moment(job.created_at),
        "updated_at": _moment(job.updated_at),
    }


def definition_fields(definition: JobDefinition) -> Fields:
    """Return `definition` as its JSON, secrets masked."""
    return {
        "name": definition.name,
        "description": definition.description,
        "tags": list(definition.tags),
        "schedule": schedule_fields(definition.schedule),
        "action": _action(definition.action),
        "retry": _retry(definition.retry),
        "overlap": definition.overlap.value,
        "misfire": _misfire(definition.misfire),
    }


def schedule_fields(schedule: Schedule) -> Fields:
    """Return `schedule` as its JSON."""
    match schedule:
        case CronSchedule():
            return {
                "kind": "cron",
                "cron": schedule.cron,
                "timezone": schedule.timezone,
                "start_at": _moment(schedule.start_at),
                "end_at": _moment(schedule.end_at),
                "jitter_seconds": schedule.jitter_seconds,
            }
        case IntervalSchedule():
            return {
                "kind": "interval",
                "every_seconds": _seconds(schedule.every),
                "start_at": _moment(schedule.start_at),
                "end_at": _moment(schedule.end_at),
            }
        case OnceSchedule():
            run_at = _moment(schedule.run_at)
            return {"kind": "once", "run_at": run_at, "timezone": schedule.timezone}
        case _:
            assert_never(schedule)


def run_fields(run: Run, attempts: Sequence[Attempt] | None = None) -> Fields:
    """Return `run` as the public interface shows it, with its attempts where they are given."""
    fields: Fields = {
        "id": run.id,
        "job_id": run.job_id,
        "job_name": run.job_name,
        "job_version": run.job_version,
        "trigger": run.trigger.value,
        "fire_time": _moment(run.fire_time),
        "status": run.status.value,
        "attempt_count": run.attempt_count,
        "next_attempt_at": _moment(run.next_attempt_at),
        "started_at": _moment(run.started_at),
        "finished_at": _moment(run.finished_at),
        "lateness_ms": run.lateness_ms,
        "duration_ms": run.duration_ms,
        "error": _error(run.error),
        "reason": run.reason,
    }
    if attempts is not None:
        fields["attempts"] = [attempt_fields(attempt) for attempt in attempts]
    return fields


def attempt_fields(attempt: Attempt) -> Fields:
    """Return `attempt` as the public interface shows it."""
    request, response = attempt.request, attempt.response
    return {
        "number": attempt.number,
        "worker": attempt.worker_id,
        "status": attempt.status.value,
        "started_at": _moment(attempt.started_at),
        "finished_at": _moment(attempt.finished_at),
        "duration_ms": attempt.duration_ms,
        "request": request
        and {
            "method": request.method,
            "url": request.url,
            "headers": masked_headers(request.headers),
            "body": request.body,
        },
        "response": response
        and {
            "status": response.status,
            "headers": masked_headers(response.headers),
            "body": response.body,
            "body_truncated": response.body_truncated,
            "size_bytes": response.size_bytes,
        },
        "error": _error(attempt.error),
        "stale_note": attempt.stale_note,
    }


def _action(action: Action) -> Fields:
    match action:
        case HttpAction():
            marked = {"secret_headers": list(action.secret_headers)}
            return {
                "kind": "http",
                "method": action.method,
                "url": action.url,
                "headers": shown_headers(action),
                "body": action.body,
                "timeout_seconds": _seconds(action.timeout),
                "success_statuses": [str(statuses) for statuses in action.success_statuses],
                "follow_redirects": action.follow_redirects,
                **(marked if action.secret_headers else {}),
            }
        case LogAction():
            return {"kind": "log", "message": action.message}
        case _:
            assert_never(action)


def _retry(policy: RetryPolicy) -> Fields:
    # The window is shown only where there is one: programs may know the other fields alone.
    window = {} if policy.window is None else {"window_seconds": _seconds(policy.window)}
    return window | {
        "max_retries": policy.max_retries,
        "backoff": policy.backoff.value,
        "base_seconds": _seconds(policy.base),
        "max_seconds": _seconds(policy.max_delay),
        "jitter": policy.jitter,
    }


def _misfire(policy: MisfirePolicy) -> Fields:
    return {
        "policy": policy.policy.value,
        "grace_seconds": _seconds(policy.grace),
        "max_age_seconds": _seconds(policy.max_age),
        "max_runs": policy.max_runs,
    }


def _last_run(last_run: LastRun | None) -> Fields | None:
    if last_run is None:
        return None
    return {
        "id": last_run.id,
        "status": last_run.status,
        "fire_time": _moment(last_run.fire_time),
        "finished_at": _moment(last_run.finished_at),
        "duration_ms": last_run.duration_ms,
        "error": last_run.error,
    }


def _error(error: AttemptError | None) -> Fields | None:
    if error is None:
        return None
    return {"kind": error.kind.value, "message": error.message, "traceback": error.traceback}


def _moment(moment: datetime | None) -> str | None:
    return moment_text(moment) if moment else None


def _seconds(span: timedelta) -> int:
    return round(span.total_seconds())
