"""A transaction whose process is gone holds nobody up for long; one that goes on is left alone."""

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


@pytest.mark.usefixtures("left_open")
@pytest.mark.parametrize("app_name", ["shop"])
async def test_what_another_application_has_open_is_none_of_ours(database: Database) -> None:
    await AbandonedTransactions(database).end(idle=AT_ONCE)
    with pytest.raises(PyMongoError, match="timed out"):
        await written(database)
