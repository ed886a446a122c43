"""Reading documents of jobs: strictly for workers; for people as much as can be read."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from cronpp_app.domain.backoff import RetryPolicy
from cronpp_app.domain.cron import parse_cron
from cronpp_app.domain.jobs import (
    Action,
    Job,
    JobDefinition,
    JobStatus,
    LastRun,
    LogAction,
    MisfirePolicy,
    Overlap,
)
from cronpp_app.domain.schedules import CronSchedule, IntervalSchedule, OnceSchedule, Schedule
from cronpp_app.domain.zones import load_zone
from cronpp_app.store.action_documents import action_from
from cronpp_app.store.damage import (
    DAMAGE,
    Damaged,
    check_schema,
    check_shape,
    read,
)
from cronpp_app.store.documents import (
    JOB_SCHEMA,
    Document,
    misfire_from,
    retry_from,
    schedule_from,
)

Value = TypeVar("Value")

_DEFINITION: Final[dict[str, type]] = {
    **dict.fromkeys(("name", "description", "overlap"), str),
    "tags": list,
    **dict.fromkeys(("schedule", "action", "retry", "misfire"), dict),
}
_REQUIRED: Final[dict[str, type]] = {
    **_DEFINITION,
    **dict.fromkeys(("user_id", "status"), str),
    **dict.fromkeys(("version", "consecutive_failures"), int),
    **dict.fromkeys(("created_at", "updated_at", "next_sort", "last_sort"), datetime),
    "recent": list,
    "enabled": bool,
}
_OPTIONAL: Final[dict[str, type]] = {
    "next_run_time": datetime,
    "paused_at": datetime,
    "paused_reason": str,
    "last_run": dict,
}
_RETRY: Final[dict[str, type]] = {
    **dict.fromkeys(("max_retries", "base_seconds", "max_seconds"), int),
    "backoff": str,
    "jitter": bool,
}
_MISFIRE: Final[dict[str, type]] = {
    **dict.fromkeys(("grace_seconds", "max_age_seconds", "max_runs"), int),
    "policy": str,
}
_PARTS: Final = ("name", "description", "tags", "schedule", "action", "retry", "overlap", "misfire")
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def job_from(document: Mapping[str, Any]) -> Job:
    """Return the job of a document; raise Damaged, naming the field, if it cannot be one."""
    check_schema(document, JOB_SCHEMA)
    check_shape(document, _REQUIRED, _OPTIONAL)
    return Job(
        id=document["_id"],
        user_id=document["user_id"],
        version=document["version"],
        definition=_definition_from(document),
        status=read("status", JobStatus, document),
        enabled=document["enabled"],
        created_at=document["created_at"],
        updated_at=document["updated_at"],
        next_run_time=document.get("next_run_time"),
        paused_at=document.get("paused_at"),
        paused_reason=document.get("paused_reason"),
        last_run=read("last_run", _last_run_from, document) if "last_run" in document else None,
        consecutive_failures=document["consecutive_failures"],
        recent=read("recent", _recent_from, document),
    )


def definition_from(document: Mapping[str, Any]) -> JobDefinition:
    """Return the definition that a version of a job was; raise Damaged."""
    check_schema(document, JOB_SCHEMA)
    check_shape(document, _DEFINITION)
    return _definition_from(document)


def _definition_from(document: Mapping[str, Any]) -> JobDefinition:
    return JobDefinition(
        name=document["name"],
        description=document["description"],
        tags=read("tags", _texts, document),
        schedule=read("schedule", usable_schedule, document),
        action=read("action", action_from, document),
        retry=read("retry", checked_retry, document),
        overlap=read("overlap", Overlap, document),
        misfire=read("misfire", _checked_misfire, document),
    )


def job_for_people(document: Mapping[str, Any]) -> Job:
    """Return the job of a document; of a damaged one what can be read, paused, with the reason.

    What cannot be read is replaced by something harmless and named in `damaged_parts`.
    """
    try:
        return job_from(document)
    except Damaged as error:
        return _salvaged(document, str(error))


def checked_retry(document: Document) -> RetryPolicy:
    """Return a retry policy; raise Damaged for fields of wrong types."""
    check_shape(document, _RETRY, {"window_seconds": int})
    return retry_from(document)


def _salvaged(document: Mapping[str, Any], reason: str) -> Job:
    damaged: list[str] = []

    def part(name: str, decode: Callable[[Any], Value], harmless: Value) -> Value:
        try:
            return decode(document[name])
        except DAMAGE:
            damaged.append(name)
            return harmless

    created_at = _or(document.get("created_at"), _LONG_AGO)
    no_schedule: Schedule = OnceSchedule(run_at=created_at)
    no_action: Action = LogAction(message="(unreadable)")
    definition = JobDefinition(
        name=part("name", _text, "(unreadable)"),
        description=part("description", _text, ""),
        tags=part("tags", _texts, ()),
        schedule=part("schedule", usable_schedule, no_schedule),
        action=part("action", action_from, no_action),
        retry=part("retry", checked_retry, RetryPolicy()),
        overlap=part("overlap", Overlap, Overlap.SKIP),
        misfire=part("misfire", _checked_misfire, MisfirePolicy()),
    )
    return Job(
        id=str(document["_id"]),
        user_id=str(document.get("user_id")),
        version=_or(document.get("version"), 0),
        definition=definition,
        status=JobStatus.PAUSED,
        enabled=False,
        created_at=created_at,
        updated_at=_or(document.get("updated_at"), created_at),
        paused_at=_or(document.get("paused_at"), created_at),
        paused_reason=f"Cannot be read: {reason}. Define it again, or delete it.",
        consecutive_failures=0,
        damaged_parts=tuple(damaged) or _PARTS,
    )


def usable_schedule(document: Document) -> Schedule:
    """Return the schedule of a document; raise unless fire times can be told from it."""
    schedule = schedule_from(document)
    if isinstance(schedule, CronSchedule):
        check_shape(document, {"cron": str, "timezone": str}, {"jitter_seconds": int, **_SPAN})
        parse_cron(schedule.cron)
        load_zone(schedule.timezone)
    elif isinstance(schedule, IntervalSchedule):
        check_shape(document, {"every_seconds": int, "start_at": datetime}, _SPAN)
        if document["every_seconds"] < 1:
            raise Damaged(f"every_seconds is {document['every_seconds']}, not at least 1")
    else:
        check_shape(document, {"run_at": datetime, "timezone": str})
    return schedule


_SPAN: Final[dict[str, type]] = {"start_at": datetime, "end_at": datetime}


def _checked_misfire(document: Document) -> MisfirePolicy:
    check_shape(document, _MISFIRE)
    return misfire_from(document)


def _last_run_from(document: Document) -> LastRun:
    return LastRun(
        id=document["id"],
        status=document["status"],
        fire_time=document["fire_time"],
        finished_at=document.get("finished_at"),
        duration_ms=document.get("duration_ms"),
        error=document.get("error"),
    )


def _recent_from(entries: list[Document]) -> tuple[tuple[str, int], ...]:
    return tuple((entry["status"], entry["duration_ms"]) for entry in entries)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Damaged("not text")
    return value


def _texts(values: object) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise Damaged("not a list")
    return tuple(_text(value) for value in values)


def _or(value: object, otherwise: Value) -> Value:
    """Return `value` if it is of the type of `otherwise`, else that."""
    return value if value.__class__ is otherwise.__class__ else otherwise
