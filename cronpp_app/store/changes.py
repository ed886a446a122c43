"""What changes in the database, as it happens (change streams)."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from cronpp_app.store.database import Collection, Database
from cronpp_app.store.documents import Document

_WAIT_MS = 500


@dataclass(frozen=True, slots=True)
class JobChange:
    """A job's document was written; `user_id` is known only for a job that is new."""

    job_id: str
    user_id: str | None
    deleted: bool


async def watch_jobs(database: Database) -> AsyncIterator[JobChange | None]:
    """Yield every change of a job from now on; raise PyMongoError when the stream breaks.

    Only ids travel: documents are fetched by who shows them, once for many changes. Yields
    None when nothing has happened for a moment, so that the listener can leave.
    """
    pipeline = [
        {"$project": {"operationType": 1, "documentKey": 1, "fullDocument.user_id": 1}},
    ]
    async for event in _events(database.jobs, pipeline):
        if event is None:
            yield None
        elif "documentKey" in event:
            yield JobChange(
                job_id=event["documentKey"]["_id"],
                user_id=event.get("fullDocument", {}).get("user_id"),
                deleted=event["operationType"] == "delete",
            )


async def owners_of(database: Database, job_ids: frozenset[str]) -> dict[str, str]:
    """Return the owner of each of `job_ids` that exists."""
    found = database.jobs.find({"_id": {"$in": list(job_ids)}}, {"user_id": 1})
    return {document["_id"]: document["user_id"] async for document in found}


async def _events(
    collection: Collection, pipeline: list[Document]
) -> AsyncIterator[Mapping[str, Any] | None]:
    """Yield the events of a change stream, and None whenever a short wait brought none.

    One long wait would run into the client's own deadline, and a listener that wants to leave
    must not rely on being cancelled: the driver was seen to swallow that in a change stream.
    """
    async with await collection.watch(pipeline, max_await_time_ms=_WAIT_MS) as stream:
        while stream.alive:
            yield await stream.try_next()
