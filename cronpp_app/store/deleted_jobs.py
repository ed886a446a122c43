"""Jobs that were deleted a moment ago, kept for the time in which that can be taken back."""

from datetime import datetime

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from cronpp_app.domain.jobs import Job, JobStatus
from cronpp_app.domain.versions import Change
from cronpp_app.store.database import Database
from cronpp_app.store.documents import NEVER, Document
from cronpp_app.store.job_documents import job_for_people, job_from
from cronpp_app.store.versions import VersionStore


class DeletedJobStore:
    """The collection `deleted_jobs`: copies of documents of `jobs`, forgotten by a TTL index."""

    def __init__(self, database: Database) -> None:
        self._client = database.client
        self._jobs = database.jobs
        self._versions = VersionStore(database)
        self._deleted = database.raw["deleted_jobs"]

    async def keep(self, user_id: str, job_id: str, *, until: datetime) -> bool:
        """Keep a copy of a job as it is now; return whether there is such a job."""
        document = await self._jobs.find_one({"_id": job_id, "user_id": user_id})
        if document is None:
            return False
        copy = {**document, "forget_at": until}
        await self._deleted.replace_one({"_id": job_id, "user_id": user_id}, copy, upsert=True)
        return True

    async def restore(
        self, user_id: str, job_id: str, *, change: Change
    ) -> tuple[Job, bool] | None:
        """Return the job, back and off its timetable, and whether it was on it before.

        With its earlier versions, and `change` as what made the next one of the one deleted.
        None if no copy is kept any more. A job whose schedule had ended comes back as it was.
        """
        kept = await self._deleted.find_one({"_id": job_id, "user_id": user_id})
        now = change.at
        if kept is None or kept["forget_at"] <= now:
            return None
        document = {name: value for name, value in kept.items() if name != "forget_at"}
        document |= {"version": document["version"] + 1, "updated_at": now}
        was_scheduled = "next_run_time" in document
        if was_scheduled:
            # Off the timetable first: what came due meanwhile must not fire all at once.
            del document["next_run_time"]
            paused = {"enabled": False, "status": JobStatus.PAUSED.value, "paused_at": now}
            document |= {**paused, "next_sort": NEVER}
        job, deleted = job_from(document), job_for_people(kept)
        try:
            await self._insert(document, deleted, change)
        except DuplicateKeyError:  # taken back twice, or never gone
            return None
        return job, was_scheduled

    async def _insert(self, document: Document, deleted: Job, change: Change) -> None:
        async def insert(session: AsyncClientSession) -> None:
            await self._jobs.insert_one(document, session=session)
            await self._versions.keep_on(deleted.user_id, deleted.id, session)
            await self._versions.keep(deleted, change, session)
            there = {"_id": deleted.id, "user_id": deleted.user_id}
            await self._deleted.delete_one(there, session=session)

        async with self._client.start_session() as session:
            await session.with_transaction(insert)
