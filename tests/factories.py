"""Builders of values for tests: sensible ones, of which a test names only what it is about."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cronpp_app.clock import utc_now
from cronpp_app.domain.fires import manual_run
from cronpp_app.domain.jobs import HttpAction, Job, JobDefinition, JobStatus
from cronpp_app.domain.runs import Run
from cronpp_app.domain.schedules import CronSchedule, next_fire
from cronpp_app.services.accounts import User
from cronpp_app.services.audit import Audit
from cronpp_app.store.audit import AuditStore
from cronpp_app.store.database import Database

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
HOOK = "https://example.org/hook"


def make_audit(database: Database, *, clock: Callable[[], datetime] = utc_now) -> Audit:
    """What notes in that database who did what."""
    return Audit(AuditStore(database, lasting=timedelta(days=365)), clock=clock)


def job_definition(**changes: Any) -> JobDefinition:
    """An hourly POST."""
    definition = JobDefinition(
        name="Nightly export",
        schedule=CronSchedule(cron="0 * * * *"),
        action=HttpAction(method="POST", url=HOOK),
    )
    return replace(definition, **changes)


def make_job(**changes: Any) -> Job:
    """A job that waits for its next fire time; changes may be of the job or its definition."""
    of_definition = {name: changes.pop(name) for name in _DEFINED & changes.keys()}
    definition = changes.pop("definition", job_definition(**of_definition))
    job = Job(
        id="job-1",
        user_id="user-1",
        version=1,
        definition=definition,
        status=JobStatus.PENDING,
        enabled=True,
        created_at=NOON,
        updated_at=NOON,
        next_run_time=next_fire(definition.schedule, after=NOON),
    )
    return replace(job, **changes)


def make_run(job: Job | None = None, **changes: Any) -> Run:
    """A run made by hand at noon, waiting."""
    run = manual_run(job or make_job(), run_id="run-1", now=NOON)
    return replace(run, **changes)


def make_user(**changes: Any) -> User:
    """A person with an account."""
    user = User(id="user-1", email="ada@example.org", role="user", timezone="UTC", created_at=NOON)
    return replace(user, **changes)


def job_body(**changes: Any) -> dict[str, Any]:
    """The JSON of the same job, as a program would post it."""
    body: dict[str, Any] = {
        "name": "Nightly export",
        "schedule": {"kind": "cron", "cron": "0 * * * *"},
        "action": {"kind": "http", "method": "POST", "url": HOOK},
    }
    return body | changes


_DEFINED = frozenset(JobDefinition.__dataclass_fields__)
