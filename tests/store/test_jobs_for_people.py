"""Edits of people beside the engine's marks on the same documents."""

from datetime import timedelta

import pytest

from cronpp_app.domain.jobs import JobStatus
from cronpp_app.domain.schedules import CronSchedule
from cronpp_app.domain.versions import Change, Origin
from cronpp_app.store.database import Database
from cronpp_app.store.due import Advance, DueJobStore
from cronpp_app.store.jobs import JobStore
from tests.factories import NOON, job_definition, make_job

ONE_PM, TWO_PM = NOON + timedelta(hours=1), NOON + timedelta(hours=2)
EDIT = Change(at=NOON, origin=Origin.EDITED)
HALF_PAST = job_definition(schedule=CronSchedule(cron="30 * * * *"))


@pytest.fixture
async def jobs(database: Database) -> JobStore:
    store = JobStore(database)
    await store.add(make_job())
    return store


async def test_a_stored_job_comes_back_as_it_was(jobs: JobStore) -> None:
    assert await jobs.get("user-1", "job-1") == make_job()
    assert await jobs.get("user-2", "job-1") is None


async def test_an_edit_of_an_old_version_changes_nothing(jobs: JobStore) -> None:
    read = make_job()
    assert await jobs.edit(read, job_definition(name="A"), next_run_time=None, change=EDIT)
    assert await jobs.edit(read, job_definition(name="B"), next_run_time=None, change=EDIT) is None
    stored = await jobs.get("user-1", "job-1")
    assert stored is not None
    assert (stored.definition.name, stored.version) == ("A", 2)


async def test_a_new_name_does_not_turn_back_what_the_engine_fired(
    jobs: JobStore, database: Database
) -> None:
    read = make_job()
    advance = Advance(job_id="job-1", version=1, due=ONE_PM, upcoming=TWO_PM)
    await DueJobStore(database).advance([advance])
    edited = await jobs.edit(read, job_definition(name="A"), next_run_time=ONE_PM, change=EDIT)
    assert edited is not None
    assert edited.next_run_time == TWO_PM


async def test_the_engine_does_not_override_a_new_schedule(
    jobs: JobStore, database: Database
) -> None:
    half_past = NOON + timedelta(minutes=30)
    await jobs.edit(make_job(), HALF_PAST, next_run_time=half_past, change=EDIT)
    advance = Advance(job_id="job-1", version=1, due=ONE_PM, upcoming=TWO_PM)
    await DueJobStore(database).advance([advance])
    stored = await jobs.get("user-1", "job-1")
    assert stored is not None
    assert stored.next_run_time == half_past


async def test_a_new_schedule_of_a_paused_job_waits_for_its_resumption(jobs: JobStore) -> None:
    paused = await jobs.pause(make_job(), now=NOON)
    assert paused is not None
    edited = await jobs.edit(paused, HALF_PAST, next_run_time=ONE_PM, change=EDIT)
    assert edited is not None
    assert (edited.status, edited.next_run_time) == (JobStatus.PAUSED, None)
    resumed = await jobs.resume(edited, next_run_time=ONE_PM, now=NOON)
    assert resumed is not None
    assert (resumed.status, resumed.next_run_time, resumed.paused_at) == (
        JobStatus.PENDING,
        ONE_PM,
        None,
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (JobStatus.SUCCESS, JobStatus.PENDING),
        (JobStatus.FAILED, JobStatus.PENDING),
        (JobStatus.RUNNING, JobStatus.RUNNING),
        (JobStatus.RETRYING, JobStatus.RETRYING),
    ],
)
async def test_a_new_schedule_makes_an_ended_job_wait_again_and_leaves_a_busy_one(
    before: JobStatus, after: JobStatus, jobs: JobStore, database: Database
) -> None:
    await database.jobs.update_one({"_id": "job-1"}, {"$set": {"status": before.value}})
    edited = await jobs.edit(make_job(), HALF_PAST, next_run_time=ONE_PM, change=EDIT)
    assert edited is not None
    assert edited.status is after


async def test_a_job_resumes_only_as_it_was_read(jobs: JobStore) -> None:
    paused = await jobs.pause(make_job(), now=NOON)
    assert paused is not None
    await jobs.edit(paused, HALF_PAST, next_run_time=None, change=EDIT)
    assert await jobs.resume(paused, next_run_time=ONE_PM, now=NOON) is None


async def test_a_deletion_names_its_owner_and_version(jobs: JobStore) -> None:
    assert not await jobs.delete("user-2", "job-1", version=None, now=NOON)
    assert not await jobs.delete("user-1", "job-1", version=2, now=NOON)
    assert await jobs.delete("user-1", "job-1", version=1, now=NOON)
