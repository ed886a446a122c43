"""Earlier definitions of jobs: kept with the edit or not at all, bounded, found by an index."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from cronpp_app.domain.jobs import Job
from cronpp_app.domain.versions import Change, Origin, Replaced
from cronpp_app.store.bulk import BulkJobStore
from cronpp_app.store.database import Database
from cronpp_app.store.jobs import JobStore
from cronpp_app.store.versions import MOST_EARLIER, VersionStore
from tests.factories import NOON, job_definition, make_job
from tests.store.conftest import CostOf, assert_cheap

OWNER = "user-1"
EDIT = Change(at=NOON, origin=Origin.EDITED)


@pytest.fixture
async def jobs(database: Database) -> JobStore:
    store = JobStore(database)
    await store.add(make_job())
    return store


async def rename(jobs: JobStore, job: Job, name: str) -> Job | None:
    return await jobs.edit(job, job_definition(name=name), next_run_time=None, change=EDIT)


async def kept(database: Database, **which: Any) -> list[Replaced]:
    span = {"job_id": "job-1", "below": 1_000, "since": 0, "limit": 1_000} | which
    return await VersionStore(database).page(OWNER, **span)


async def test_an_edit_keeps_the_definition_it_replaces(jobs: JobStore, database: Database) -> None:
    await rename(jobs, make_job(), "New")
    (version,) = await kept(database)
    assert version == Replaced(version=1, definition=make_job().definition, change=EDIT)


async def test_an_edit_that_comes_too_late_leaves_no_trace(
    jobs: JobStore, database: Database
) -> None:
    read = make_job()
    names = [f"Name {number}" for number in range(5)]
    edited = await asyncio.gather(*(rename(jobs, read, name) for name in names))
    (won,) = [one for one in edited if one is not None]
    assert await jobs.get(OWNER, read.id) == won
    assert [(one.version, one.definition) for one in await kept(database)] == [(1, read.definition)]


async def test_an_edit_that_breaks_off_changes_nothing(
    jobs: JobStore, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def break_off(*_: Any) -> None:
        raise ConnectionAbortedError

    monkeypatch.setattr(VersionStore, "keep", break_off)
    with pytest.raises(ConnectionAbortedError):
        await rename(jobs, make_job(), "New")
    assert await jobs.get(OWNER, "job-1") == make_job()


async def test_an_edit_beside_busy_workers_succeeds(jobs: JobStore, database: Database) -> None:
    done = asyncio.Event()

    async def work() -> int:
        writes = 0
        while not done.is_set():
            await database.jobs.update_one({"_id": "job-1"}, {"$inc": {"consecutive_failures": 1}})
            writes += 1
        return writes

    workers = [asyncio.create_task(work()) for _ in range(4)]
    job: Job | None = make_job()
    for number in range(10):
        assert job is not None
        job = await rename(jobs, job, f"Name {number}")
    done.set()
    assert sum(await asyncio.gather(*workers)) > 0
    assert job is not None
    assert (job.version, len(await kept(database))) == (11, 10)


async def test_the_latest_versions_are_kept_and_those_of_others_stay(
    jobs: JobStore, database: Database
) -> None:
    other = make_job(id="job-2")
    await jobs.add(other)
    await rename(jobs, other, "Other")
    await database.jobs.update_one({"_id": "job-1"}, {"$set": {"version": MOST_EARLIER}})
    for version in (1, 2, MOST_EARLIER - 1):
        await database.raw["job_versions"].insert_one(
            {"_id": f"job-1/{version}", "user_id": OWNER, "job_id": "job-1", "version": version}
        )
    for version in range(MOST_EARLIER, MOST_EARLIER + 3):
        assert await rename(jobs, make_job(version=version), f"Name {version}")
    numbers = [
        one["version"] async for one in database.raw["job_versions"].find({"job_id": "job-1"})
    ]
    assert sorted(numbers) == [2, *range(MOST_EARLIER - 1, MOST_EARLIER + 3)]
    assert len(await kept(database, job_id="job-2")) == 1


async def test_versions_are_read_by_their_owner_only(jobs: JobStore, database: Database) -> None:
    await rename(jobs, make_job(), "New")
    store = VersionStore(database)
    assert await store.page("user-2", "job-1", below=9, since=0, limit=9) == []
    assert await store.count("user-2", "job-1", below=9, since=0) == 0


async def test_one_that_cannot_be_read_hides_no_other(jobs: JobStore, database: Database) -> None:
    job: Job | None = make_job()
    for name in ("A", "B"):
        assert job is not None
        job = await rename(jobs, job, name)
    await database.raw["job_versions"].update_one({"version": 2}, {"$set": {"schedule": "never"}})
    assert [one.version for one in await kept(database)] == [1]


@pytest.mark.parametrize("many", [False, True])
async def test_those_of_a_deleted_job_are_forgotten_soon(
    many: bool, jobs: JobStore, database: Database
) -> None:
    other = make_job(id="job-2")
    await jobs.add(other)
    for job in (make_job(), other):
        await rename(jobs, job, "New")
    if many:
        bulk = BulkJobStore(database, retention=timedelta(days=1))
        assert await bulk.delete(OWNER, ["job-1"], now=NOON) == 1
    else:
        assert await jobs.delete(OWNER, "job-1", version=2, now=NOON)
    versions = database.raw["job_versions"]
    told = {one["job_id"]: one.get("forget_at") async for one in versions.find()}
    assert told == {"job-1": NOON + timedelta(minutes=2), "job-2": None}


async def test_a_job_that_is_not_deleted_keeps_its_versions(
    jobs: JobStore, database: Database
) -> None:
    await rename(jobs, make_job(), "New")
    assert await jobs.delete(OWNER, "job-1", version=1, now=NOON) is None
    assert await database.raw["job_versions"].count_documents({"forget_at": {"$exists": True}}) == 0


async def test_a_page_is_read_in_the_order_of_an_index(
    database: Database, cost_of: CostOf, new_database_name: str
) -> None:
    jobs = JobStore(database)
    await jobs.add(make_job())
    await rename(jobs, make_job(), "New")
    model = await database.raw["job_versions"].find_one({})
    assert model is not None
    await database.raw["job_versions"].insert_many(
        {**model, "_id": f"{job}/{version}", "job_id": f"job-{job}", "version": version}
        for job in range(2, 30)
        for version in range(50)
    )
    store = VersionStore(database)
    (cost,) = await cost_of(store.page(OWNER, "job-9", below=40, since=1, limit=20))
    assert_cheap(cost)
    (cost,) = await cost_of(store.count(OWNER, "job-9", below=40, since=1))
    assert cost["docsExamined"] == 0
