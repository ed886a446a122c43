"""Jobs as workers see them: which are due, and the marks that firing and recording leave."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo import UpdateOne

from cronpp_app.domain.jobs import Job, JobStatus
from cronpp_app.domain.runs import JobStanding, Run, RunStatus
from cronpp_app.store.database import Database
from cronpp_app.store.documents import NEVER, Document, job_from

_IS_DATE = {"$type": "date"}
_RECENT_KEPT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DueJobs:
    """A page of due jobs, and the ids of those whose document cannot be read, with the reason."""

    jobs: tuple[Job, ...]
    damaged: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How jobs stand, by id, at moment `now` of the database's clock (None if none exists)."""

    jobs: Mapping[str, JobStanding]
    now: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """Move a job that was due at `due` on to `upcoming` (None: its schedule has ended).

    `version` is the job's that was planned with: an edit in between has the last word.
    """

    job_id: str
    version: int
    due: datetime
    upcoming: datetime | None
    status_when_ended: JobStatus | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What a job's summary learns from the end of an attempt."""

    run: Run
    status: RunStatus
    finished_at: datetime
    duration_ms: int
    error: str | None
    pause_reason: str | None = None


class DueJobStore:
    """The engine's view of jobs."""

    def __init__(self, database: Database) -> None:
        self._jobs = database.jobs

    async def next_moment(self) -> datetime | None:
        """Return the earliest `next_run_time` of all jobs, or None when no job has one."""
        found = await self._jobs.find_one(
            {"next_run_time": _IS_DATE},
            {"_id": 0, "next_run_time": 1},
            sort={"next_run_time": 1},
        )
        return found["next_run_time"] if found else None

    async def due(self, *, until: datetime, limit: int) -> DueJobs:
        """Return at most `limit` jobs due by `until`, the longest due first."""
        query = {"next_run_time": {**_IS_DATE, "$lte": until}}
        jobs, damaged = [], {}
        async for document in self._jobs.find(query).sort({"next_run_time": 1}).limit(limit):
            try:
                jobs.append(job_from(document))
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                damaged[str(document["_id"])] = f"{type(error).__name__}: {error}"
        return DueJobs(jobs=tuple(jobs), damaged=damaged)

    async def advance(self, advances: Sequence[Advance]) -> None:
        """Compare-and-set `next_run_time`; one that changed in between stays as it is."""
        if advances:
            await self._jobs.bulk_write([_advance(one) for one in advances], ordered=False)

    async def set_aside(self, job_id: str, *, reason: str, now: datetime) -> None:
        """Pause a job that cannot be fired, and say why, so that it blocks nobody."""
        await self._jobs.update_one({"_id": job_id}, _paused(reason, now))

    async def standing(self, job_ids: Sequence[str]) -> Standing:
        """Return how those of `job_ids` that exist stand right now, and when that is."""
        fields = {"enabled": 1, "paused_at": 1, "version": 1, "updated_at": 1, "now": "$$NOW"}
        jobs, now = {}, None
        async for document in self._jobs.find({"_id": {"$in": list(set(job_ids))}}, fields):
            now = document["now"]
            jobs[document["_id"]] = JobStanding(
                enabled=document["enabled"],
                paused_at=document.get("paused_at"),
                version=document["version"],
                edited_at=document["updated_at"],
            )
        return Standing(jobs=jobs, now=now)

    async def get(self, job_id: str) -> Job | None:
        """Return the job, or None if it is gone."""
        document = await self._jobs.find_one({"_id": job_id})
        return job_from(document) if document else None

    async def mark_running(self, job_ids: Sequence[str]) -> None:
        """Show the jobs as running; a paused one stays PAUSED."""
        if job_ids:
            await self._jobs.update_many(
                {"_id": {"$in": list(job_ids)}, "enabled": True},
                {"$set": {"status": JobStatus.RUNNING.value}},
            )

    async def note_endings(self, endings: Sequence[Ending]) -> None:
        """Update each job's summary; doing it twice changes nothing more."""
        updates = [_retrying(e) if e.status is RunStatus.RETRYING else _ended(e) for e in endings]
        updates += [
            UpdateOne({"_id": e.run.job_id}, _paused(e.pause_reason, e.finished_at))
            for e in endings
            if e.pause_reason
        ]
        if updates:
            await self._jobs.bulk_write(updates, ordered=True)


def _advance(advance: Advance) -> UpdateOne:
    was_due = {
        "_id": advance.job_id,
        "next_run_time": advance.due,
        "version": advance.version,
    }
    if advance.upcoming is not None:
        upcoming = {"next_run_time": advance.upcoming, "next_sort": advance.upcoming}
        return UpdateOne(was_due, {"$set": upcoming})
    ended: Document = {"next_sort": NEVER}
    if advance.status_when_ended is not None:
        ended["status"] = advance.status_when_ended.value
    return UpdateOne(was_due, {"$set": ended, "$unset": {"next_run_time": ""}})


def _paused(reason: str, now: datetime) -> Document:
    fields = {
        "enabled": False,
        "status": JobStatus.PAUSED.value,
        "paused_at": now,
        "paused_reason": reason,
        "next_sort": NEVER,
    }
    return {"$set": fields, "$unset": {"next_run_time": ""}}


def _retrying(ending: Ending) -> UpdateOne:
    return UpdateOne(
        {"_id": ending.run.job_id, "enabled": True},
        {"$set": {"status": JobStatus.RETRYING.value}},
    )


def _ended(ending: Ending) -> UpdateOne:
    """Return the update of a job's summary after the end of a run, harmless when repeated."""
    last_run: dict[str, Any] = {
        "id": ending.run.id,
        "status": ending.status.value,
        "fire_time": ending.run.fire_time,
        "finished_at": ending.finished_at,
        "duration_ms": ending.duration_ms,
        "error": ending.error,
    }
    entry = {"status": ending.status.value, "duration_ms": ending.duration_ms}
    failed = ending.status is RunStatus.FAILED
    succeeded = ending.status is RunStatus.SUCCESS
    failures: object = 0 if succeeded else {"$add": ["$consecutive_failures", int(failed)]}
    stage = {
        # Names and messages are people's words: never let one be read as an expression.
        "last_run": {"$literal": last_run},
        "last_sort": ending.run.fire_time,
        "consecutive_failures": failures,
        "recent": {"$slice": [{"$concatArrays": ["$recent", [entry]]}, -_RECENT_KEPT]},
        "status": _status_after(ending),
    }
    not_noted = {"_id": ending.run.job_id, "last_run.id": {"$ne": ending.run.id}}
    return UpdateOne(not_noted, [{"$set": stage}])


def _status_after(ending: Ending) -> Document:
    ended = JobStatus.SUCCESS if ending.status is RunStatus.SUCCESS else JobStatus.FAILED
    has_next = {"$eq": [{"$type": "$next_run_time"}, "date"]}
    return {
        "$switch": {
            "branches": [
                {"case": {"$not": ["$enabled"]}, "then": JobStatus.PAUSED.value},
                {"case": has_next, "then": JobStatus.PENDING.value},
            ],
            "default": ended.value,
        }
    }
