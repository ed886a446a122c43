"""Damaged documents: set aside with a reason, seen by their owner, in nobody's way."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson.datetime_ms import DatetimeMS

from cronpp_app.clock import utc_now
from cronpp_app.domain.jobs import JobStatus
from cronpp_app.domain.runs import RunStatus
from cronpp_app.errors import Conflict
from cronpp_app.services.jobs import JobQuery
from cronpp_app.services.runs import RunQuery
from tests.engine.conftest import Bench
from tests.factories import job_definition, make_user

ADA = make_user(id="ada")
BEFORE_THE_CALENDAR, BEHIND_IT = DatetimeMS(-(10**15)), DatetimeMS(10**15)
GONE = object()
CRON = {"kind": "cron", "timezone": "UTC"}

# A field of a job's document, and what somebody put there.
DAMAGED_JOBS: list[tuple[str, Any]] = [
    ("schedule", {"kind": "moon"}),
    ("schedule", "every day"),
    ("schedule", GONE),
    ("schedule", {**CRON, "cron": "61 * * * *"}),
    ("schedule", {**CRON, "cron": "* * * * *", "timezone": "Mars/Olympus"}),
    ("schedule.every_seconds", 0),
    ("schedule.every_seconds", 10**18),
    ("schedule.every_seconds", "60"),
    ("schedule.start_at", "yesterday"),
    ("action", {"kind": "fax"}),
    ("action.message", GONE),
    ("retry.max_retries", "3"),
    ("retry.backoff", "sideways"),
    ("misfire.policy", "whatever"),
    ("misfire.grace_seconds", None),
    ("overlap", "perhaps"),
    ("status", "DANCING"),
    ("enabled", "yes"),
    ("version", "one"),
    ("name", 17),
    ("tags", "billing"),
    ("updated_at", GONE),
    ("next_run_time", BEFORE_THE_CALENDAR),
    ("consecutive_failures", "many"),
    ("recent", GONE),
    ("schema", 7),
]
DAMAGED_RUNS: list[tuple[str, Any]] = [
    ("action", {"kind": "fax"}),
    ("action", GONE),
    ("retry.max_retries", "3"),
    ("retry", None),
    ("attempt_count", "none"),
    ("attempt_count", GONE),
    ("overlap", "perhaps"),
    ("trigger", "magic"),
    ("fire_time", "yesterday"),
    ("spared_count", None),
    ("job_version", [1]),
    ("schema", 7),
]


def _ids(cases: list[tuple[str, Any]]) -> list[str]:
    return [f"{field} is {'gone' if value is GONE else value}"[:40] for field, value in cases]


def _change(field: str, value: object) -> dict[str, Any]:
    return {"$unset": {field: ""}} if value is GONE else {"$set": {field: value}}


@pytest.mark.parametrize(("field", "value"), DAMAGED_JOBS, ids=_ids(DAMAGED_JOBS))
async def test_a_damaged_job_is_set_aside_shown_and_may_be_deleted(
    field: str, value: object, bench: Bench
) -> None:
    damaged, healthy = await bench.add_job(due_ago=2), await bench.add_job(due_ago=1)
    await bench.database.jobs.update_one({"_id": damaged.id}, _change(field, value))
    await bench.work_once(await bench.worker())
    assert (await bench.run(healthy)).status is RunStatus.SUCCESS
    assert (await bench.runs(damaged)) == [] or field == "next_run_time"

    shown = await bench.services.jobs.get(ADA, damaged.id)
    listed = await bench.services.jobs.search(ADA, JobQuery())
    assert {job.id for job in listed.items} == {damaged.id, healthy.id}
    assert (shown.status, shown.enabled) == (JobStatus.PAUSED, False)
    assert shown.paused_reason is not None
    assert "next_run_time" not in await bench.job(damaged)
    await bench.services.overviews.of(ADA)
    await bench.services.jobs.delete(ADA, damaged.id)
    assert await bench.database.jobs.count_documents({}) == 1


async def test_the_reason_names_the_field_and_what_it_holds(bench: Bench) -> None:
    job = await bench.add_job()
    await bench.database.jobs.update_one({"_id": job.id}, _change("retry.max_retries", "3"))
    await (await bench.worker()).firing.step()
    reason = (await bench.job(job))["paused_reason"]
    assert "retry: max_retries is '3', not a whole number" in reason


async def test_a_damaged_job_neither_runs_nor_resumes_until_it_is_given_anew(bench: Bench) -> None:
    job = await bench.add_job()
    await bench.database.jobs.update_one({"_id": job.id}, _change("version", "one"))
    await (await bench.worker()).firing.step()
    jobs = bench.services.jobs
    for refused in (jobs.run_now, jobs.resume, jobs.duplicate, jobs.before_resuming):
        with pytest.raises(Conflict, match="version is 'one'"):
            await refused(ADA, job.id)
    mended = await jobs.edit(ADA, job.id, job_definition())
    assert (mended.damaged_parts, mended.status) == ((), JobStatus.PAUSED)
    assert (await jobs.resume(ADA, job.id)).job.status is JobStatus.PENDING


@pytest.mark.parametrize(("field", "value"), DAMAGED_RUNS, ids=_ids(DAMAGED_RUNS))
async def test_a_damaged_run_is_set_aside_and_shown_while_the_others_go_on(
    field: str, value: object, bench: Bench
) -> None:
    damaged, healthy = await bench.add_job(due_ago=2), await bench.add_job(due_ago=1)
    worker = await bench.worker()
    await worker.firing.step()
    await bench.database.runs.update_one({"job_id": damaged.id}, _change(field, value))
    await bench.begin(worker)
    await bench.settle(worker)
    assert (await bench.run(healthy)).status is RunStatus.SUCCESS
    assert len(bench.target.calls) == 1
    document = await bench.database.runs.find_one({"job_id": damaged.id})
    assert document is not None
    assert (document["status"], "wake_at" in document) == ("FAILED", False)
    assert document["reason"].startswith("Set aside, because it cannot be read")
    run, _ = await bench.services.runs.get(ADA, document["_id"])
    assert run.reason == document["reason"]
    if field != "fire_time":  # by which lists are sorted
        listed = await bench.services.runs.search(ADA, RunQuery(job_id=damaged.id))
        assert [run.id for run in listed.items] == [document["_id"]]


@pytest.mark.parametrize(
    ("field", "value"),
    [("consecutive_failures", "many"), ("recent", GONE), ("enabled", GONE), ("version", "one")],
)
async def test_a_job_damaged_while_its_run_is_under_way_keeps_no_other_from_ending(
    field: str, value: object, bench: Bench
) -> None:
    damaged, healthy = await bench.add_job(due_ago=2), await bench.add_job(due_ago=1)
    worker = await bench.worker()
    await worker.firing.step()
    await worker.claiming.step()
    await bench.database.jobs.update_one({"_id": damaged.id}, _change(field, value))
    await worker.starting.step()
    await bench.settle(worker)
    assert (await bench.run(healthy)).status is RunStatus.SUCCESS
    assert (await bench.run(damaged)).status in {RunStatus.SUCCESS, RunStatus.CANCELLED}


async def test_a_run_due_in_a_year_that_no_calendar_knows_blocks_nobody(bench: Bench) -> None:
    job = await bench.add_job()
    far = await bench.add_job(due_ago=-60)
    await bench.database.jobs.update_one({"_id": far.id}, _change("next_run_time", BEHIND_IT))
    await bench.work_once(await bench.worker())
    assert (await bench.run(job)).status is RunStatus.SUCCESS
    shown = await bench.services.jobs.get(ADA, far.id)
    assert shown.next_run_time == datetime.max.replace(tzinfo=UTC, microsecond=999000)
    assert utc_now() + timedelta(days=1) < shown.next_run_time
