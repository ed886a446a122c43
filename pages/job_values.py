"""A job as its page shows it."""

from components.job_facts import Facts, NextRuns
from components.job_head import HeadValues
from components.job_rows import method_of
from components.policy_words import misfire_words, overlap_words, retry_words, success_words
from components.run_log import LogHead
from components.words import counted, epoch_ms
from cronpp_app.domain.descriptions import describe
from cronpp_app.domain.fires import COUNT_LIMIT
from cronpp_app.domain.jobs import HttpAction, Job
from cronpp_app.domain.schedules import CronSchedule, IntervalSchedule
from cronpp_app.services.jobs import Resumption, SchedulePreview


def head_of(job: Job) -> HeadValues:
    """Return what the head of the page tells."""
    last = job.last_run
    return HeadValues(
        job_id=job.id,
        name=job.definition.name,
        status=job.status.value,
        enabled=job.enabled,
        failures=job.consecutive_failures,
        error=(last.error or "") if last else "",
    )


def facts_of(job: Job) -> Facts:
    """Return what the job is."""
    definition, action = job.definition, job.definition.action
    schedule, is_http = definition.schedule, isinstance(definition.action, HttpAction)
    return Facts(
        description=definition.description,
        tags=definition.tags,
        schedule=describe(schedule),
        cron=schedule.cron if isinstance(schedule, CronSchedule) else "",
        zone=zone_of(job),
        method=method_of(job),
        target=action.url if isinstance(action, HttpAction) else action.message,
        success=success_words(action) if isinstance(action, HttpAction) else "",
        retry=retry_words(definition.retry) if is_http else "",
        overlap=overlap_words(definition.overlap),
        misfire=misfire_words(definition.misfire),
        created_ms=epoch_ms(job.created_at),
        updated_ms=epoch_ms(job.updated_at),
        version=job.version,
    )


def next_runs_of(
    job: Job, preview: SchedulePreview, before_resuming: Resumption | None, *, viewer_zone: str
) -> NextRuns:
    """Return when the job fires next; `before_resuming` tells of a paused one."""
    skipped = before_resuming.skipped if before_resuming else 0
    more = "more than " if skipped >= COUNT_LIMIT else ""
    return NextRuns(
        fires_ms=tuple(epoch_ms(fire) or 0 for fire in preview.fire_times),
        is_paused=not job.enabled,
        paused_ms=epoch_ms(job.paused_at),
        why_paused=job.paused_reason or "",
        skipped=more + counted(skipped, "fire time"),
        resumes_ms=epoch_ms(before_resuming.next_run_time) if before_resuming else None,
        zone=zone_of(job),
        viewer_zone=viewer_zone,
    )


def log_head_of(job: Job) -> LogHead:
    """Return what the head of the job's log tells."""
    words = " · ".join(part for part in (describe(job.definition.schedule), zone_of(job)) if part)
    return LogHead(job_id=job.id, name=job.definition.name, words=words, status=job.status.value)


def zone_of(job: Job) -> str:
    """Return on whose clock the job fires; empty for an interval, which needs none."""
    schedule = job.definition.schedule
    return "" if isinstance(schedule, IntervalSchedule) else schedule.timezone
