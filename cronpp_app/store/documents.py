"""Documents as MongoDB holds them, and their codecs: domain values in, domain values out.

Names are those of the glossary; durations are numbers that end in their unit; a moment that
is "none" is absent, because partial indexes and `$type: "date"` guards rely on it.
`schema` is the document's version, so that later code can read what earlier code wrote.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, NotRequired, TypedDict, assert_never

from cronpp_app.domain.backoff import Backoff, RetryPolicy
from cronpp_app.domain.jobs import (
    CatchUp,
    HttpAction,
    Job,
    JobDefinition,
    MisfirePolicy,
)
from cronpp_app.domain.references import secret_names
from cronpp_app.domain.schedules import CronSchedule, IntervalSchedule, OnceSchedule, Schedule
from cronpp_app.store.action_documents import action_document, present

Document = dict[str, Any]

SCHEMA = 1
# 2: secret header values are sealed, and the names of secrets referred to are listed.
JOB_SCHEMA = 2
# Sort positions of what has no next (or last) run: after (or before) everything that has.
NEVER = datetime(9999, 12, 31, tzinfo=UTC)
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class JobDocument(TypedDict):
    """One document of `jobs`."""

    _id: str
    schema: int
    user_id: str
    version: int
    name: str
    name_sort: str
    words: list[str]
    description: str
    tags: list[str]
    schedule: Document
    action: Document
    secret_names: list[str]
    retry: Document
    overlap: str
    misfire: Document
    status: str
    enabled: bool
    created_at: datetime
    updated_at: datetime
    next_sort: datetime
    last_sort: datetime
    next_run_time: NotRequired[datetime]
    noticed: NotRequired[Document]
    paused_at: NotRequired[datetime]
    paused_reason: NotRequired[str]
    last_run: NotRequired[Document]
    consecutive_failures: int
    recent: list[Document]


def schedule_document(schedule: Schedule) -> Document:
    """Return `schedule` as a document; absent fields are those without a value."""
    match schedule:
        case CronSchedule():
            return present(
                kind="cron",
                cron=schedule.cron,
                timezone=schedule.timezone,
                start_at=schedule.start_at,
                end_at=schedule.end_at,
                jitter_seconds=schedule.jitter_seconds or None,
            )
        case IntervalSchedule():
            return present(
                kind="interval",
                every_seconds=round(schedule.every.total_seconds()),
                start_at=schedule.start_at,
                end_at=schedule.end_at,
            )
        case OnceSchedule():
            return present(kind="once", run_at=schedule.run_at, timezone=schedule.timezone)
        case _:
            assert_never(schedule)


def schedule_from(document: Document) -> Schedule:
    """Return the schedule of a document; raise ValueError for an unknown kind."""
    match document["kind"]:
        case "cron":
            return CronSchedule(
                cron=document["cron"],
                timezone=document["timezone"],
                start_at=document.get("start_at"),
                end_at=document.get("end_at"),
                jitter_seconds=document.get("jitter_seconds", 0),
            )
        case "interval":
            return IntervalSchedule(
                every=timedelta(seconds=document["every_seconds"]),
                start_at=document["start_at"],
                end_at=document.get("end_at"),
            )
        case "once":
            return OnceSchedule(run_at=document["run_at"], timezone=document["timezone"])
        case kind:
            raise ValueError(f"unknown kind of schedule: {kind!r}")


def retry_document(policy: RetryPolicy) -> Document:
    """Return `policy` as a document."""
    return {
        "max_retries": policy.max_retries,
        "backoff": policy.backoff.value,
        "base_seconds": round(policy.base.total_seconds()),
        "max_seconds": round(policy.max_delay.total_seconds()),
        "jitter": policy.jitter,
        **present(window_seconds=policy.window and round(policy.window.total_seconds())),
    }


def retry_from(document: Document) -> RetryPolicy:
    """Return the retry policy of a document."""
    return RetryPolicy(
        max_retries=document["max_retries"],
        backoff=Backoff(document["backoff"]),
        base=timedelta(seconds=document["base_seconds"]),
        max_delay=timedelta(seconds=document["max_seconds"]),
        jitter=document["jitter"],
        window=timedelta(seconds=document["window_seconds"])
        if "window_seconds" in document
        else None,
    )


def misfire_document(policy: MisfirePolicy) -> Document:
    """Return `policy` as a document."""
    return {
        "policy": policy.policy.value,
        "grace_seconds": round(policy.grace.total_seconds()),
        "max_age_seconds": round(policy.max_age.total_seconds()),
        "max_runs": policy.max_runs,
    }


def misfire_from(document: Document) -> MisfirePolicy:
    """Return the misfire policy of a document."""
    return MisfirePolicy(
        policy=CatchUp(document["policy"]),
        grace=timedelta(seconds=document["grace_seconds"]),
        max_age=timedelta(seconds=document["max_age_seconds"]),
        max_runs=document["max_runs"],
    )


def definition_fields(definition: JobDefinition) -> Document:
    """Return the fields of a job's document that its definition decides."""
    action = definition.action
    return {
        "schema": JOB_SCHEMA,
        "name": definition.name,
        "name_sort": definition.name.casefold(),
        "words": search_words(definition),
        "description": definition.description,
        "tags": list(definition.tags),
        "schedule": schedule_document(definition.schedule),
        "action": action_document(action),
        "secret_names": list(secret_names(action)) if isinstance(action, HttpAction) else [],
        "retry": retry_document(definition.retry),
        "overlap": definition.overlap.value,
        "misfire": misfire_document(definition.misfire),
    }


def search_words(definition: JobDefinition) -> list[str]:
    """Return the lower-case words a job is found by: of its name, its tags and its URL's parts.

    Searching matches prefixes of these words, so that an index serves it.
    """
    url = definition.action.url if isinstance(definition.action, HttpAction) else ""
    text = " ".join((definition.name, url, *definition.tags)).casefold()
    parts = "".join(char if char.isalnum() else " " for char in text).split()
    return sorted({*parts, *text.split()})[:64]


def job_document(job: Job) -> JobDocument:
    """Return the document of a new `job`, which has no run yet."""
    document: Document = {
        "_id": job.id,
        "user_id": job.user_id,
        "version": job.version,
        **definition_fields(job.definition),
        "status": job.status.value,
        "enabled": job.enabled,
        "created_at": job.created_at,
        "updated_at": job.updated_at,
        "next_sort": job.next_run_time or NEVER,
        "last_sort": LONG_AGO,
        "consecutive_failures": 0,
        "recent": [],
        **present(next_run_time=job.next_run_time, paused_at=job.paused_at),
    }
    return document  # type: ignore[return-value]  # built by parts
