"""Changing many jobs of one owner, some hundreds in a round trip.

What a change means is that of `jobs.py`; here it is one statement for many.
"""

from collections.abc import Iterator, Sequence, Set
from datetime import datetime, timedelta
from typing import TypeVar

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import BulkWriteError, PyMongoError

from cronpp_app.domain.jobs import Job, JobStatus
from cronpp_app.domain.runs import RunStatus
from cronpp_app.store.batches import merge, same
from cronpp_app.store.database import Database
from cronpp_app.store.documents import NEVER, Document, job_document
from cronpp_app.store.fences import duplicates
from cronpp_app.store.job_filters import JobFilter
from cronpp_app.store.jobs import readable
from cronpp_app.store.versions import VersionStore

_IS_DATE = {"$type": "date"}
_ACTIVE = [JobStatus.PENDING.value, JobStatus.RUNNING.value, JobStatus.RETRYING.value]
_WAITING = [RunStatus.PENDING.value, RunStatus.RETRYING.value]
_LEFT_QUEUE = ("wake_at", "due_at", "seat", "queued", "claim_id", "error")
_CANCELLED_AT_ONCE = 1_000
_ADDED_AT_ONCE = 500
# A quarter of a gigabyte of cache, the least that MongoDB takes, was enough for 8,000 small jobs.
_IN_ONE_TRANSACTION = 2_500

Thing = TypeVar("Thing")


class BulkJobStore:
    """The collections `jobs` and `runs`, for changes of many jobs."""

    def __init__(self, database: Database, *, retention: timedelta) -> None:
        self._client = database.client
        self._jobs = database.jobs
        self._versions = VersionStore(database)
        self._runs = database.runs
        self._tally = database.tally
        self._retention = retention

    async def matching(self, which: JobFilter) -> list[str]:
        """Return the ids of all jobs of a filter, as they are now.

        Read before anything is changed: a change may take a job out of its own filter.
        """
        return [found["_id"] async for found in self._jobs.find(which.query(), {"_id": 1})]

    async def on_timetable(self, user_id: str) -> list[str]:
        """Return the ids of this user's jobs that fire, run or wait for a retry."""
        query = {"user_id": user_id, "status": {"$in": _ACTIVE}, "enabled": True}
        return [found["_id"] async for found in self._jobs.find(query, {"_id": 1})]

    async def stopped_for(self, user_id: str, reason: str) -> list[str]:
        """Return the ids of this user's jobs that were paused for exactly this reason."""
        query = {"user_id": user_id, "paused_reason": reason}
        found = self._jobs.find(query, {"_id": 1}, hint="stopped")
        return [job["_id"] async for job in found]

    async def explain(self, user_id: str, job_ids: Sequence[str], *, reason: str) -> None:
        """Give paused jobs another reason."""
        query = {"_id": {"$in": list(job_ids)}, "user_id": user_id, "enabled": False}
        await self._jobs.update_many(query, {"$set": {"paused_reason": reason}})

    async def owned(self, user_id: str, job_ids: Sequence[str]) -> list[str]:
        """Return those of `job_ids` that are jobs of this user."""
        query = {"_id": {"$in": list(job_ids)}, "user_id": user_id}
        return [found["_id"] async for found in self._jobs.find(query, {"_id": 1})]

    async def jobs(
        self,
        user_id: str,
        job_ids: Sequence[str],
        *,
        enabled: bool | None = None,
        due_by: datetime | None = None,
    ) -> list[Job]:
        """Return those of `job_ids` that are jobs of this user.

        If asked for only those that are (not) enabled, or due by a moment.
        """
        query: Document = {"_id": {"$in": list(job_ids)}, "user_id": user_id}
        if enabled is not None:
            query["enabled"] = enabled
        if due_by is not None:
            query["next_run_time"] = {**_IS_DATE, "$lte": due_by}
        return list(readable(await self._jobs.find(query).to_list()))

    async def add_all(self, jobs: Sequence[Job]) -> bool:
        """Store new jobs: all of them, or none if anything fails.

        Returns False if they are there already. Very many are stored in several steps, as a
        transaction has to fit into the cache of the server; should this process die in between,
        the same jobs can be stored again, which adds those that are missing.
        """
        added: list[str] = []
        try:
            for some in portions(jobs, _IN_ONE_TRANSACTION):
                if await self._add(some):
                    added += [job.id for job in some]
        except PyMongoError:
            for some_ids in portions(added, _IN_ONE_TRANSACTION):
                await self._jobs.delete_many({"_id": {"$in": list(some_ids)}})
            raise
        return bool(added)

    async def _add(self, jobs: Sequence[Job]) -> bool:
        """Store new jobs in one transaction; return False if they are there already."""

        async def insert(session: AsyncClientSession) -> None:
            for some in portions(jobs, _ADDED_AT_ONCE):
                documents = [job_document(job) for job in some]
                await self._jobs.insert_many(documents, session=session)

        try:
            async with self._client.start_session() as session:
                await session.with_transaction(insert)
        except BulkWriteError as error:
            duplicates(error)
            return False
        return True

    async def pause(
        self, user_id: str, job_ids: Sequence[str], *, now: datetime, reason: str | None = None
    ) -> list[str]:
        """Take jobs off the timetable, for a reason if it was not their owner who did it.

        Returns those that were on it.
        """
        query = {"_id": {"$in": list(job_ids)}, "user_id": user_id, "enabled": True}
        on_it = [found["_id"] async for found in self._jobs.find(query, {"_id": 1})]
        fields = {
            "enabled": False,
            "status": JobStatus.PAUSED.value,
            "paused_at": now,
            "updated_at": now,
            "next_sort": NEVER,
        }
        gone = {"next_run_time": ""} if reason else {"next_run_time": "", "paused_reason": ""}
        told = {"paused_reason": reason} if reason else {}
        change = {"$set": fields | told, "$unset": gone}
        await self._jobs.update_many(query | {"_id": {"$in": on_it}}, change)
        return on_it

    async def resume(
        self, user_id: str, jobs: Sequence[tuple[Job, datetime]], *, now: datetime
    ) -> int:
        """Put jobs as they were read back on the timetable, each at its moment; return how many.

        A job that changed since stays as it is.
        """
        rows = {
            job.id: {"next_run_time": upcoming, "next_sort": upcoming} for job, upcoming in jobs
        }
        guard = {
            "_id": {"$in": list(rows)},
            "user_id": user_id,
            "enabled": False,
            "$expr": same("version", {job.id: job.version for job, _ in jobs}),
        }
        fields = {"enabled": True, "status": JobStatus.PENDING.value, "updated_at": now}
        stages = [{"$set": fields}, *merge(rows, unset=("paused_at", "paused_reason"))]
        return (await self._jobs.update_many(guard, stages)).modified_count

    async def delete(self, user_id: str, job_ids: Sequence[str], *, now: datetime) -> int:
        """Delete jobs of this user, and soon their earlier versions; return how many were there.

        No transaction: among hundreds of jobs workers would always be writing to one. Versions
        first, so that a crash in between leaves none without its job; and once more afterwards,
        for somebody may have edited a job in between.
        """
        query = {"_id": {"$in": list(job_ids)}, "user_id": user_id}
        await self._versions.forget_soon(user_id, job_ids, now=now)
        deleted = (await self._jobs.delete_many(query)).deleted_count
        await self._versions.forget_soon(user_id, job_ids, now=now)
        return deleted

    async def cancel_waiting(
        self, user_id: str, job_ids: Set[str] | None, *, reason: str, now: datetime
    ) -> None:
        """Cancel the waiting runs of many jobs (None: of all), walking through the queue once.

        Through the queue, because it is short; the jobs' histories may be very long.
        """
        queue = {"wake_at": _IS_DATE, "user_id": user_id, "status": {"$in": _WAITING}}
        found = self._runs.find(queue, {"job_id": 1}, hint="wake")
        waiting = [run["_id"] async for run in found if job_ids is None or run["job_id"] in job_ids]
        fields = {
            "status": RunStatus.CANCELLED.value,
            "reason": reason,
            "finished_at": now,
            "expire_at": now + self._retention,
        }
        for some in portions(waiting, _CANCELLED_AT_ONCE):
            result = await self._runs.update_many(
                queue | {"_id": {"$in": some}},
                {"$set": fields, "$unset": dict.fromkeys(_LEFT_QUEUE, "")},
            )
            self._tally.ended(RunStatus.CANCELLED, result.modified_count)


def portions(things: Sequence[Thing], size: int) -> Iterator[Sequence[Thing]]:
    """Yield `things` in portions of at most `size`."""
    for start in range(0, len(things), size):
        yield things[start : start + size]
