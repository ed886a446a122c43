"""Jobs as people see and change them. Every query names the owner.

Jobs as workers see them are in `due.py`.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from cronpp_app.domain.jobs import Job, JobDefinition, JobStatus
from cronpp_app.domain.versions import Change
from cronpp_app.store.damage import Damaged
from cronpp_app.store.database import Database
from cronpp_app.store.documents import NEVER, Document, job_document
from cronpp_app.store.edits import edited_fields
from cronpp_app.store.job_documents import job_for_people, job_from
from cronpp_app.store.job_filters import JobFilter, JobSort, rarest_first
from cronpp_app.store.versions import VersionStore

log = logging.getLogger(__name__)

Position = tuple[Any, str]

_SORT_FIELDS: Final = {
    JobSort.NAME: "name_sort",
    JobSort.NEXT_RUN_TIME: "next_sort",
    JobSort.LAST_RUN: "last_sort",
    JobSort.CREATED_AT: "created_at",
}


class JobStore:
    """The collection `jobs`, for people."""

    def __init__(self, database: Database) -> None:
        self._client = database.client
        self._jobs = database.jobs
        self._versions = VersionStore(database)

    async def add(self, job: Job) -> bool:
        """Store a new job; return False if there is one with its id."""
        try:
            await self._jobs.insert_one(job_document(job))
        except DuplicateKeyError:
            return False
        return True

    async def get_many(self, user_id: str, job_ids: Sequence[str]) -> list[Job]:
        """Return those of `job_ids` that are jobs of this user, in any order."""
        query = {"_id": {"$in": list(job_ids)}, "user_id": user_id}
        return list(readable(await self._jobs.find(query).to_list()))

    async def get(self, user_id: str, job_id: str) -> Job | None:
        """Return a job of this user, or None; of a damaged one what can be read."""
        document = await self._jobs.find_one({"_id": job_id, "user_id": user_id})
        return job_for_people(document) if document else None

    async def page(
        self,
        which: JobFilter,
        *,
        sort: JobSort,
        descending: bool,
        limit: int,
        after: Position | None = None,
    ) -> tuple[list[Job], Position | None]:
        """Return at most `limit` jobs behind position `after`, and the position to go on from.

        The position is the last job's sort key and id, so that jobs that come or go in
        between neither repeat nor hide others. None when there are no more.
        """
        field, direction = _SORT_FIELDS[sort], -1 if descending else 1
        query = behind(which.query(), field, after, descending=descending)
        cursor = self._jobs.find(query).sort({field: direction, "_id": direction})
        documents = await cursor.limit(limit + 1).to_list()
        more = len(documents) > limit
        documents = documents[:limit]
        last = (documents[-1].get(field), documents[-1]["_id"]) if more else None
        return [job_for_people(document) for document in documents], last

    async def count(self, which: JobFilter, *, limit: int) -> int:
        """Return how many jobs there are; counting stops at `limit`."""
        return await self._jobs.count_documents(which.query(), limit=limit)

    async def rarest_first(self, which: JobFilter) -> JobFilter:
        """Return the filter with the word first that fewest jobs have: cheap to page and count."""
        return await rarest_first(self._jobs, which)

    async def count_by_status(self, user_id: str) -> dict[JobStatus, int]:
        """Return how many jobs of this user have each status."""
        stages: list[Document] = [
            {"$match": {"user_id": user_id}},
            {"$group": {"_id": "$status", "count": {"$sum": 1}}},
        ]
        counts = dict.fromkeys(JobStatus, 0)
        async for group in await self._jobs.aggregate(stages, hint="by_status"):
            if group["_id"] in counts:  # not what only damage can bring
                counts[JobStatus(group["_id"])] = group["count"]
        return counts

    async def worst(self, user_id: str, *, limit: int) -> list[Job]:
        """Return the enabled jobs that failed most often in a row, the worst first."""
        query = JobFilter(user_id=user_id, failing=True).query()
        order = {"consecutive_failures": -1, "_id": 1}
        return list(readable(await self._jobs.find(query).sort(order).limit(limit).to_list()))

    async def upcoming(self, user_id: str, *, limit: int) -> list[Job]:
        """Return the jobs with a next fire time, the soonest first."""
        query = {"user_id": user_id, "next_sort": {"$lt": NEVER}}
        order = {"next_sort": 1, "_id": 1}
        return list(readable(await self._jobs.find(query).sort(order).limit(limit).to_list()))

    async def overdue(self, user_id: str, *, before: datetime, limit: int) -> list[Job]:
        """Return the jobs whose next fire time passed before `before`, the longest ago first."""
        query = {"user_id": user_id, "next_sort": {"$lt": before}}
        order = {"next_sort": 1, "_id": 1}
        return list(readable(await self._jobs.find(query).sort(order).limit(limit).to_list()))

    async def stopped(self, user_id: str, *, limit: int) -> list[Job]:
        """Return the jobs that Cron++ itself paused, as their `paused_reason` tells."""
        query = {"user_id": user_id, "paused_reason": {"$type": "string"}}
        return list(readable(await self._jobs.find(query).sort({"_id": 1}).limit(limit).to_list()))

    async def tags(self, user_id: str, *, limit: int) -> list[str]:
        """Return the first `limit` tags of this user's jobs, in order, one look-up for each.

        Walks from tag to tag in the index: the number of jobs costs nothing.
        """
        tags: list[str] = []
        while len(tags) < limit:
            beyond = {"$gt": tags[-1]} if tags else {"$type": "string"}
            query = {"user_id": user_id, "tags": beyond}
            found = await self._jobs.find_one(query, {"tags": 1}, hint="by_tag")
            if found is None:
                break
            tags.append(min(tag for tag in found["tags"] if not tags or tag > tags[-1]))
        return tags

    async def edit(
        self,
        job: Job,
        definition: JobDefinition,
        *,
        next_run_time: datetime | None,
        change: Change,
    ) -> Job | None:
        """Replace the definition of `job` as it was read; return None if its version is gone.

        The one before is kept with the `change`, both or neither; of a damaged job it is not,
        because nobody could read it. `next_run_time` counts if the schedule is another one.
        """
        guard = {} if job.damaged_parts else {"version": job.version}
        fields = edited_fields(job, definition, next_run_time=next_run_time, now=change.at)

        async def replace(session: AsyncClientSession) -> Job | None:
            edited = await self._changed(job, guard, [{"$set": fields}], session)
            if edited is not None and not job.damaged_parts:
                await self._versions.keep(job, change, session)
            return edited

        async with self._client.start_session() as session:
            return await session.with_transaction(replace)

    async def pause(self, job: Job, *, now: datetime) -> Job | None:
        """Take `job` as it was read off the timetable; return None if it changed since."""
        fields = {
            "enabled": False,
            "status": JobStatus.PAUSED.value,
            "paused_at": now,
            "updated_at": now,
            "next_sort": NEVER,
        }
        change = {"$set": fields, "$unset": {"next_run_time": "", "paused_reason": ""}}
        return await self._changed(job, {"enabled": True, "version": job.version}, change)

    async def resume(self, job: Job, *, next_run_time: datetime, now: datetime) -> Job | None:
        """Put `job` as it was read back on the timetable; return None if it changed since."""
        fields = {
            "enabled": True,
            "status": JobStatus.PENDING.value,
            "updated_at": now,
            "next_run_time": next_run_time,
            "next_sort": next_run_time,
        }
        change = {"$set": fields, "$unset": {"paused_at": "", "paused_reason": ""}}
        return await self._changed(job, {"enabled": False, "version": job.version}, change)

    async def delete(
        self, user_id: str, job_id: str, *, version: int | None, now: datetime
    ) -> tuple[Job, ...] | None:
        """Delete a job, only in this version if one is given; return None if it was not there.

        Else return the job as it was, in a tuple that is empty if its document was damaged. Its
        earlier versions follow soon, unless it is brought back before.
        """
        exact = {} if version is None else {"version": version}
        there = {"_id": job_id, "user_id": user_id, **exact}

        async def delete(session: AsyncClientSession) -> Mapping[str, Any] | None:
            document = await self._jobs.find_one_and_delete(there, session=session)
            if document is not None:
                await self._versions.forget_soon(user_id, [job_id], now=now, session=session)
            return document

        async with self._client.start_session() as session:
            document = await session.with_transaction(delete)
        return tuple(readable([document])) if document else None

    async def _changed(
        self, job: Job, guard: Document, change: Any, session: AsyncClientSession | None = None
    ) -> Job | None:
        document = await self._jobs.find_one_and_update(
            {"_id": job.id, "user_id": job.user_id, **guard},
            change,
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        return job_for_people(document) if document else None


def behind(query: Document, field: str, after: Position | None, *, descending: bool) -> Document:
    """Return `query` for what comes behind the position `after` in the order (field, _id).

    Two ranges of one index, merged by MongoDB: however many share a sort key, none is read
    in vain.
    """
    if after is None:
        return query
    value, last_id = after
    beyond = "$lt" if descending else "$gt"
    # The filter stands in both branches, for each of them to have its own bounds.
    return {
        "$or": [
            {**query, field: value, "_id": {beyond: last_id}},
            {**query, field: {beyond: value}},
        ]
    }


def readable(documents: Iterable[Mapping[str, Any]]) -> Iterable[Job]:
    """Yield the jobs of `documents`; a damaged one must not hide the others."""
    for document in documents:
        try:
            yield job_from(document)
        except Damaged:
            log.exception("job cannot be read", extra={"job_id": document["_id"]})
