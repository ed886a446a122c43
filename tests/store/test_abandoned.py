"""A transaction whose process is gone holds nobody up for long; one that goes on is left alone."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pymongo
import pytest
from pymongo import AsyncMongoClient
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError

from cronpp_app.store.abandoned import AbandonedTransactions
from cronpp_app.store.database import APP_NAME, Database

AT_ONCE = timedelta(0)


@pytest.fixture
def app_name() -> str:
    return APP_NAME


@pytest.fixture
async def left_open(
    database: Database, mongodb_uri: str, app_name: str
) -> AsyncIterator[AsyncClientSession]:
    """A transaction of another process that has written to a job."""
    await database.jobs.insert_one({"_id": "job", "user_id": "ada"})
    async with AsyncMongoClient(mongodb_uri, appname=app_name) as client:
        session = client.start_session()
        await session.start_transaction()
        jobs = client[database.raw.name]["jobs"]
        await jobs.update_one({"_id": "job"}, {"$set": {"by": "dead"}}, session=session)
        yield session
        await session.end_session()


async def written(database: Database) -> str:
    """Return whose word stands in the job after somebody else has tried to write to it."""
    with pymongo.timeout(1):
        await database.jobs.update_one({"_id": "job"}, {"$set": {"by": "living"}})
    job = await database.jobs.find_one({"_id": "job"})
    assert job is not None
    return str(job["by"])


@pytest.mark.usefixtures("left_open")
async def test_what_nobody_goes_on_with_is_ended(database: Database) -> None:
    await AbandonedTransactions(database).end(idle=AT_ONCE)
    assert await written(database) == "living"


async def test_what_goes_on_is_left_alone(
    database: Database, left_open: AsyncClientSession
) -> None:
    await AbandonedTransactions(database).end()
    await left_open.commit_transaction()
    job = await database.jobs.find_one({"_id": "job"})
    assert job is not None
    assert job["by"] == "dead"


async def test_a_long_change_of_many_short_pauses_is_left_alone(
    database: Database, left_open: AsyncClientSession
) -> None:
    """Even if it has been idle, pause by pause, for long enough altogether."""
    jobs = left_open.client[database.raw.name]["jobs"]
    ended, idle = asyncio.Event(), timedelta(milliseconds=200)

    async def goes_on() -> None:
        while not ended.is_set():
            await jobs.update_one({"_id": "job"}, {"$inc": {"steps": 1}}, session=left_open)
            await asyncio.sleep(0.01)  # a pause, as between any two statements

    change = asyncio.create_task(goes_on())
    while await idle_in_all(database) < 2 * idle:
        pass
    await AbandonedTransactions(database).end(idle=idle)
    ended.set()
    await change
    await left_open.commit_transaction()


async def idle_in_all(database: Database) -> timedelta:
    """Return how long the open transaction of Cron++ has waited for its statements."""
    ours = {"appName": APP_NAME, "transaction": {"$exists": True}}
    stages = [{"$currentOp": {"idleSessions": True}}, {"$match": ours}]
    found = await (await database.client.admin.aggregate(stages)).to_list()
    spans = (one["transaction"].get("timeInactiveMicros", 0) for one in found)
    return timedelta(microseconds=max(spans, default=0))


@pytest.mark.usefixtures("left_open")
@pytest.mark.parametrize("app_name", ["shop"])
async def test_what_another_application_has_open_is_none_of_ours(database: Database) -> None:
    await AbandonedTransactions(database).end(idle=AT_ONCE)
    with pytest.raises(PyMongoError) as held_up:
        await written(database)
    assert held_up.value.timeout
