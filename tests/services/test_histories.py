"""The past in pictures: counted by day, found again, stretched over an axis."""

from datetime import date, timedelta

from cronpp_app.domain.jobs import Job
from cronpp_app.domain.runs import RunStatus
from cronpp_app.services.histories import Histories
from cronpp_app.store.database import Database
from cronpp_app.store.documents import job_document
from cronpp_app.store.history import HistoryStore
from cronpp_app.store.run_documents import run_document
from tests.factories import NOON, make_job, make_run, make_user

DAY = timedelta(days=1)
ADA = make_user()


def histories(database: Database) -> Histories:
    return Histories(HistoryStore(database), clock=lambda: NOON)


async def add_run(database: Database, job: Job, ago: timedelta, **changes: object) -> str:
    fire_time = NOON - ago
    run = make_run(job, id=f"{job.id}-{ago.total_seconds():.0f}", fire_time=fire_time)
    ended = {"status": "SUCCESS", "started_at": fire_time, "finished_at": fire_time}
    await database.runs.insert_one({**run_document(run), **ended, **changes})
    return run.id


async def test_runs_and_failures_are_counted_by_the_days_of_the_readers_calendar(
    database: Database,
) -> None:
    job = make_job()
    # 23:30 in London is half past five the next morning in Kathmandu, a zone off full hours.
    late_evening = timedelta(hours=12, minutes=30)
    await add_run(database, job, late_evening)
    await add_run(database, job, late_evening + timedelta(minutes=1), status="FAILED")
    await add_run(database, job, 400 * DAY)
    for zone, day in (("Europe/London", 30), ("Asia/Kathmandu", 1)):
        reader = make_user(timezone=zone)
        (count,) = await histories(database).year(reader, job)
        assert count.day == date(2026, 12 if day == 1 else 11, day)
        assert (count.runs, count.failed) == (2, 1)
    assert await histories(database).year(make_user(id="bob"), job) == ()


async def test_the_last_good_run_before_a_failed_one_is_found(database: Database) -> None:
    job, other = make_job(), make_job(id="job-2")
    await add_run(database, job, 5 * DAY)
    good = await add_run(database, job, 3 * DAY)
    await add_run(database, job, 2 * DAY, status="SKIPPED")
    await add_run(database, other, 2 * DAY)
    await add_run(database, job, timedelta())
    failed = make_run(job, fire_time=NOON - DAY, status=RunStatus.FAILED)
    found = await histories(database).last_good(ADA, failed)
    assert found is not None
    assert found.id == good
    assert await histories(database).last_good(make_user(id="bob"), failed) is None


async def test_a_stretch_holds_ones_own_runs_of_that_time_newest_first(database: Database) -> None:
    job = make_job()
    within = [await add_run(database, job, timedelta(minutes=n)) for n in (1, 59)]
    await add_run(database, job, timedelta(minutes=61))
    await add_run(database, make_job(id="job-2", user_id="bob"), timedelta(minutes=2))
    stretch = await histories(database).stretch(ADA, timedelta(hours=1))
    assert [mark.id for mark in stretch.marks] == within
    assert stretch.is_complete


async def test_the_day_ahead_counts_what_is_on_schedule(database: Database) -> None:
    hourly, paused = make_job(), make_job(id="job-2", enabled=False, next_run_time=None)
    twin = make_job(id="job-3")
    for job in (hourly, paused, twin, make_job(id="job-4", user_id="bob")):
        await database.jobs.insert_one(job_document(job))
    load = await histories(database).day_ahead(ADA)
    assert load.jobs == 2
    assert load.most_crowded(1) == [(NOON, 2)]
    assert sum(load.minutes.values()) == 48
