"""The check of the ledger finds what is wrong, and nothing that is right."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from cronpp_app.domain.fires import Gap, gap_run, scheduled_run
from cronpp_app.domain.jobs import Job
from cronpp_app.domain.runs import RunStatus
from cronpp_app.store.database import Database
from cronpp_app.store.documents import job_document
from cronpp_app.store.integrity import violations
from cronpp_app.store.run_documents import run_document
from tests.factories import NOON, make_job

HOUR = timedelta(hours=1)


@pytest.fixture
async def job(database: Database) -> Job:
    """An hourly job with three finished runs, each with its record, next due at four."""
    job = make_job(created_at=NOON, next_run_time=NOON + 4 * HOUR)
    await database.jobs.insert_one(job_document(job))
    for hour in (1, 2, 3):
        await _add(database, job, hour)
    return job


async def _add(database: Database, job: Job, hour: int, **changes: Any) -> str:
    fire = NOON + hour * HOUR
    run = dict(run_document(scheduled_run(job, fire_time=fire, now=NOON)))
    del run["wake_at"]
    ended = {"status": "SUCCESS", "attempt_count": 1, "finished_at": fire}
    await database.runs.insert_one({**run, **ended, **changes})
    record = {"_id": f"{run['_id']}/0001", "run_id": run["_id"], "job_id": job.id, "number": 1}
    await database.logs.insert_one({**record, "status": "SUCCESS", "started_at": fire})
    return str(run["_id"])


async def _found(database: Database) -> list[str]:
    return [violation async for violation in violations(database)]


async def test_a_sound_ledger_has_no_violations(database: Database, job: Job) -> None:
    assert await _found(database) == []


BREAKAGES: dict[str, tuple[str, Mapping[str, Any]]] = {
    "is not named after its job and fire time": ("I1", {"fire_time": NOON + 90 * HOUR}),
    "and in no queue": ("I7", {"status": "PENDING"}),
    "its place in the queue denies": ("I7", {"wake_at": NOON}),
    "place in the queue": ("I7", {"seat": "job-1"}),
    "more attempts than it may": ("I8", {"attempt_count": 5}),
    "attempt 0002 of run": ("I6", {"attempt_count": 2}),
    "has neither run nor row": ("I4", {"trigger": "manual"}),
}


@pytest.mark.parametrize("words", BREAKAGES)
async def test_a_run_that_breaks_an_invariant_is_named(
    words: str, database: Database, job: Job
) -> None:
    invariant, change = BREAKAGES[words]
    second = {"fire_time": NOON + 2 * HOUR}
    await database.runs.update_one(second, {"$set": change})
    assert [told for told in await _found(database) if invariant in told and words in told]


async def test_a_final_run_with_an_open_record_is_named(database: Database, job: Job) -> None:
    await database.logs.update_one({}, {"$set": {"status": "RUNNING"}})
    (told,) = await _found(database)
    assert told.startswith("I6: a record of final run")


async def test_a_missing_record_is_named(database: Database, job: Job) -> None:
    await database.logs.delete_one({})
    (told,) = await _found(database)
    assert told.startswith("I6: attempt 0001 of run")


async def test_the_last_fire_time_missing_is_named(database: Database, job: Job) -> None:
    await database.runs.delete_one({"fire_time": NOON + 3 * HOUR})
    assert [told for told in await _found(database) if told.startswith("I4")]


async def test_a_row_of_many_times_fills_their_gap_and_may_overlap(
    database: Database, job: Job
) -> None:
    await database.runs.delete_many({"fire_time": {"$gte": NOON + 2 * HOUR}})
    await database.logs.delete_many({})
    await database.runs.update_many({}, {"$set": {"attempt_count": 0}})
    reason, status = "too old", RunStatus.MISSED
    for first, count in ((2, 2), (3, 1)):
        times = {"first": NOON + first * HOUR, "last": NOON + 3 * HOUR}
        gap = Gap(**times, count=count, status=status, reason=reason)
        await database.runs.insert_one(run_document(gap_run(job, gap, now=NOON)))
    assert await _found(database) == []


async def test_a_run_at_a_time_that_a_row_tells_as_skipped_is_named(
    database: Database, job: Job
) -> None:
    times = {"first": NOON + HOUR, "last": NOON + 3 * HOUR, "count": 3}
    gap = Gap(**times, status=RunStatus.SKIPPED, reason="noticed late")
    await database.runs.insert_one(run_document(gap_run(job, gap, now=NOON)))
    told = [told for told in await _found(database) if told.startswith("I1")]
    assert any(f"{NOON + 2 * HOUR} of job {job.id} ran, and a row denies it" in one for one in told)


async def test_what_was_deleted_for_its_age_is_not_missed(database: Database, job: Job) -> None:
    now = await database.server_time()
    for hours_ago in (30 * 24, 30 * 24 - 1, 2):
        fire = now.replace(minute=0, second=0, microsecond=0) - hours_ago * HOUR
        hour = round((fire - NOON) / HOUR)
        kept = {"created_at": fire, "expire_at": fire + 30 * 24 * HOUR}
        await _add(database, job, hour, **kept, job_version=2)
    await database.runs.delete_many({"job_version": 1})
    assert await _found(database) == []


async def test_what_passed_during_a_pause_is_not_missed(database: Database, job: Job) -> None:
    await database.runs.delete_one({"fire_time": NOON + 2 * HOUR})
    assert await _found(database) != []
    resumed = {"updated_at": NOON + 2.5 * HOUR}
    await database.jobs.update_one({"_id": job.id}, {"$set": resumed})
    assert await _found(database) == []
