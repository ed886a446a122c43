"""What changes in the database, as it happens (change streams)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from cronpp_app.store.database import Collection, Database


@dataclass(frozen=True, slots=True)
class JobChange:
    """A job's document was written; `user_id` is known only for a job that is new."""

    job_id: str
    user_id: str | None
    deleted: bool


async def watch_jobs(database: Database) -> AsyncIterator[JobChange]:
    """Yield every change of a job from now on; raise PyMongoError when the stream breaks.

    Only ids travel: documents are fetched by who shows them, once for many changes.
    """
    pipeline = [
        {"$project": {"operationType": 1, "documentKey": 1, "fullDocument.user_id": 1}},
    ]
    async with await database.jobs.watch(pipeline, max_await_time_ms=1000) as stream:
        async for event in stream:
            if "documentKey" not in event:
                continue
            yield JobChange(
                job_id=event["documentKey"]["_id"],
                user_id=event.get("fullDocument", {}).get("user_id"),
                deleted=event["operationType"] == "delete",
            )


async def owners_of(database: Database, job_ids: frozenset[str]) -> dict[str, str]:
    """Return the owner of each of `job_ids` that exists."""
    found = database.jobs.find({"_id": {"$in": list(job_ids)}}, {"user_id": 1})
    return {document["_id"]: document["user_id"] async for document in found}


class Notices:
    """A bell for workers: something became due earlier than they know.

    Workers watch this one small document instead of all jobs and runs, whose every write
    they would pay for. A lost ring costs one poll interval, nothing more.
    """

    def __init__(self, database: Database) -> None:
        self._notices: Collection = database.notices

    async def ring(self) -> None:
        """Wake all workers."""
        await self._notices.update_one(
            {"_id": "due"}, {"$currentDate": {"rung_at": True}, "$inc": {"count": 1}}, upsert=True
        )

    async def heard(self) -> AsyncIterator[None]:
        """Yield at every ring from now on; raise PyMongoError when the stream breaks."""
        pipeline = [{"$project": {"_id": 1}}]
        async with await self._notices.watch(pipeline, max_await_time_ms=1000) as stream:
            async for _ in stream:
                yield None
