"""Removing all jobs and runs of a person, in steps; each may be repeated."""

from collections.abc import Sequence
from typing import Final

from pymongo.asynchronous.client_session import AsyncClientSession

from cronpp_app.domain.runs import Run, RunStatus
from cronpp_app.store.attempts import log_ids
from cronpp_app.store.database import Database
from cronpp_app.store.documents import Document
from cronpp_app.store.run_documents import run_for_people

_JOBS_AT_ONCE: Final = 500
_RUNS_AT_ONCE: Final = 200
_RUNNING: Final = RunStatus.RUNNING.value


class BelongingStore:
    """The collections of jobs, their versions, runs and attempts, to be emptied."""

    def __init__(self, database: Database) -> None:
        self._client = database.client
        self._jobs = database.jobs
        self._deleted_jobs = database.raw["deleted_jobs"]
        self._versions = database.raw["job_versions"]
        self._runs = database.runs
        self._logs = database.logs

    async def delete_jobs(self, user_id: str) -> None:
        """Delete all jobs of this person, in all versions; no worker fires any after that."""
        mine = {"user_id": user_id}
        while some := await self._jobs.find(mine, {"_id": 1}).limit(_JOBS_AT_ONCE).to_list():
            await self._jobs.delete_many(mine | {"_id": {"$in": [job["_id"] for job in some]}})
        await self._deleted_jobs.delete_many(mine)
        await self._versions.delete_many(mine)

    async def in_flight(self, user_id: str) -> list[Run]:
        """Return the runs that workers hold, having walked through the queue."""
        held = {"wake_at": {"$type": "date"}, "user_id": user_id, "status": _RUNNING}
        return [run_for_people(found) async for found in self._runs.find(held, hint="wake")]

    async def delete_runs(self, user_id: str, *, in_flight: bool) -> None:
        """Delete all runs of this person with their attempts; those `in_flight` only if asked."""
        mine: Document = {"user_id": user_id}
        if not in_flight:
            mine["status"] = {"$ne": _RUNNING}
        while some := await self._runs.find(mine, {"_id": 1}).limit(_RUNS_AT_ONCE).to_list():
            await self._delete_runs(mine, [run["_id"] for run in some])

    async def _delete_runs(self, mine: Document, run_ids: Sequence[str]) -> None:
        attempts = {"$or": [{"_id": log_ids(run_id)} for run_id in run_ids]}

        async def delete(session: AsyncClientSession) -> None:
            # Both or neither: a run without its attempts would break an invariant (I6).
            await self._logs.delete_many(attempts, session=session)
            await self._runs.delete_many({**mine, "_id": {"$in": list(run_ids)}}, session=session)

        async with self._client.start_session() as session:
            await session.with_transaction(delete)
