"""What goes into the database comes out of it the same."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cronpp_app.clock import utc_now
from cronpp_app.domain.jobs import HttpAction, Job, JobDefinition, JobStatus, LogAction
from cronpp_app.domain.schedules import CronSchedule, IntervalSchedule, OnceSchedule
from cronpp_app.store.database import Database
from cronpp_app.store.documents import job_document, search_words
from cronpp_app.store.job_documents import job_from

NOW = datetime(2026, 12, 1, tzinfo=UTC)
HTTP = HttpAction(
    method="POST",
    url="https://example.org/hook",
    headers={"X.Dotted": "$value", "Authorization": "Bearer x"},
    body='{"a": 1}',
    timeout=timedelta(seconds=7),
)
SCHEDULES = [
    CronSchedule(cron="0 9 * * 1-5", timezone="Europe/Berlin", end_at=NOW, jitter_seconds=30),
    IntervalSchedule(every=timedelta(seconds=5), start_at=NOW),
    OnceSchedule(run_at=NOW, timezone="Asia/Tokyo"),
]


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("action", [HTTP, LogAction(message="$hello {{ there }}")])
async def test_a_job_survives_the_database(database: Database, schedule, action) -> None:
    definition = JobDefinition(
        name="Ünï 🚀", description="a\nb", tags=("x",), schedule=schedule, action=action
    )
    job = Job(
        id="j1",
        user_id="u1",
        version=3,
        definition=definition,
        status=JobStatus.PENDING,
        enabled=True,
        created_at=utc_now(),
        updated_at=utc_now(),
        next_run_time=NOW,
    )
    await database.jobs.insert_one(job_document(job))
    assert job_from(await database.jobs.find_one({"_id": "j1"})) == job


def test_a_job_is_found_by_words_of_its_name_its_tags_and_its_url() -> None:
    definition = JobDefinition(
        name="Nightly Export", tags=("Billing",), schedule=SCHEDULES[0], action=HTTP
    )
    words = search_words(definition)
    assert {"nightly", "export", "billing", "example", "hook"} <= set(words)
    assert search_words(replace(definition, action=LogAction(message="x")))
