"""The past of jobs, for pictures of it: days, durations, stretches of time. Read only.

What a picture may read is bounded: of more runs than that, the newest are shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cronpp_app.domain.jobs import Job
from cronpp_app.domain.runs import Run, RunStatus
from cronpp_app.domain.schedules import Schedule
from cronpp_app.store.damage import DAMAGE, Damaged, read
from cronpp_app.store.database import Database
from cronpp_app.store.documents import Document
from cronpp_app.store.job_documents import usable_schedule
from cronpp_app.store.run_documents import run_for_people

_FAILED = RunStatus.FAILED.value
_SUCCESS = RunStatus.SUCCESS.value
_SHOWN = ("job_id", "job_name", "status", "fire_time", "started_at", "finished_at", "lateness_ms")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunMark:
    """A run as a picture shows it: when it was due, when it began and ended, and how."""

    id: str
    job_id: str
    job_name: str
    status: RunStatus
    fire_time: datetime
    started_at: datetime | None
    finished_at: datetime | None
    lateness_ms: int | None


class HistoryStore:
    """Runs of the past; every query names the owner, or a job that was read as the owner's."""

    def __init__(self, database: Database) -> None:
        self._runs = database.runs
        self._jobs = database.jobs

    async def runs_by_bin(
        self, job: Job, *, since: datetime, bin_minutes: int, limit: int
    ) -> dict[datetime, int]:
        """Return how many of the job's newest `limit` runs were due in each bin from `since`.

        Bins are so many minutes long; read from the index alone.
        """
        query = {"job_id": job.id, "fire_time": {"$gte": since}}
        return await self._count(query, "runs_of_job", bin_minutes, limit)

    async def failures_by_bin(
        self, job: Job, *, since: datetime, bin_minutes: int, limit: int
    ) -> dict[datetime, int]:
        """Return how many of the job's newest `limit` failed runs were due in each bin."""
        query = {
            "user_id": job.user_id,
            "job_id": job.id,
            "status": _FAILED,
            "fire_time": {"$gte": since},
        }
        return await self._count(query, "failed_of_job", bin_minutes, limit)

    async def last_good(self, run: Run, *, among: int) -> Run | None:
        """Return the newest run of its job before `run` that succeeded, `among` so many."""
        stages: list[Document] = [
            {"$match": {"job_id": run.job_id, "fire_time": {"$lt": run.fire_time}}},
            {"$sort": {"fire_time": -1, "_id": -1}},
            {"$limit": among},
            {"$match": {"user_id": run.user_id, "status": _SUCCESS}},
            {"$limit": 1},
        ]
        async for document in await self._runs.aggregate(stages, hint="runs_of_job"):
            return run_for_people(document)
        return None

    async def stretch(
        self, user_id: str, *, since: datetime, until: datetime, limit: int
    ) -> list[RunMark]:
        """Return the newest `limit` runs that were due from `since` to before `until`."""
        query = {"user_id": user_id, "fire_time": {"$gte": since, "$lt": until}}
        found = self._runs.find(query, dict.fromkeys(_SHOWN, 1))
        cursor = found.sort({"fire_time": -1, "_id": -1}).limit(limit)
        marks = [_mark(document) async for document in cursor]
        return [mark for mark in marks if mark is not None]

    async def coming(
        self, user_id: str, *, until: datetime, limit: int
    ) -> list[tuple[Schedule, int]]:
        """Return the schedules of the jobs that fire until then, and how many jobs share each.

        Of more than `limit` jobs those that fire next.
        """
        stages: list[Document] = [
            {"$match": {"user_id": user_id, "next_sort": {"$lt": until}}},
            {"$sort": {"next_sort": 1, "_id": 1}},
            {"$limit": limit},
            {"$group": {"_id": "$schedule", "jobs": {"$sum": 1}}},
            {"$sort": {"jobs": -1}},
        ]
        groups = []
        async for group in await self._jobs.aggregate(stages, hint="by_next_run"):
            try:
                groups.append((read("_id", usable_schedule, group), group["jobs"]))
            except Damaged:  # told on the job's own page; here it only cannot be counted
                continue
        return groups

    async def _count(
        self, query: Document, index: str, bin_minutes: int, limit: int
    ) -> dict[datetime, int]:
        start = {"$dateTrunc": {"date": "$fire_time", "unit": "minute", "binSize": bin_minutes}}
        stages: list[Document] = [
            {"$match": query},
            {"$sort": {"fire_time": -1}},
            {"$limit": limit},
            {"$group": {"_id": start, "runs": {"$sum": 1}}},
        ]
        found = await self._runs.aggregate(stages, hint=index)
        return {group["_id"]: group["runs"] async for group in found}


def _mark(document: Mapping[str, Any]) -> RunMark | None:
    try:
        return _readable_mark(document)
    except DAMAGE:  # a picture goes without it
        return None


def _readable_mark(document: Mapping[str, Any]) -> RunMark:
    return RunMark(
        id=document["_id"],
        job_id=document["job_id"],
        job_name=document["job_name"],
        status=RunStatus(document["status"]),
        fire_time=document["fire_time"],
        started_at=document.get("started_at"),
        finished_at=document.get("finished_at"),
        lateness_ms=document.get("lateness_ms"),
    )
