"""Jobs as workers see them: which are due, and the marks that firing and recording leave."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pymongo import UpdateOne

from cronpp_app.domain.jobs import Job, JobStatus
from cronpp_app.domain.runs import PAUSE_AFTER_POISONED, JobStanding, RunStatus
from cronpp_app.store.batches import merge, merge_with, same
from cronpp_app.store.damage import Damaged, check_shape
from cronpp_app.store.database import Database
from cronpp_app.store.documents import LONG_AGO, NEVER, Document
from cronpp_app.store.job_documents import job_from
from cronpp_app.store.jobs import readable
from cronpp_app.store.summaries import (
    IS_POISON,
    STATUS_WHEN_ENDED,
    SUMMED_UP,
    Ending,
    summary_of,
    waves,
)

_IS_DATE = {"$type": "date"}
# Without what is for lists, which can be most of a job.
_FOR_FIRING = {"words": 0, "recent": {"$slice": -1}}
TAKES_WORKERS_DOWN = (
    f"{PAUSE_AFTER_POISONED} of its runs in a row were given up, each after three workers went "
    "down with it. Look at the workers' logs and memory before you resume it."
)


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


class DueJobStore:
    """The engine's view of jobs."""

    def __init__(self, database: Database) -> None:
        self._jobs = database.jobs

    async def due(self, job_ids: Sequence[str], *, until: datetime) -> DueJobs:
        """Return those of `job_ids` that are (still) due by `until`."""
        query = {"_id": {"$in": list(job_ids)}, "next_run_time": {**_IS_DATE, "$lte": until}}
        jobs, damaged = [], {}
        async for document in self._jobs.find(query, _FOR_FIRING):
            try:
                jobs.append(job_from(document))
            except Damaged as error:
                damaged[document["_id"]] = str(error)
        return DueJobs(jobs=tuple(jobs), damaged=damaged)

    async def noticed(
        self, jobs: Sequence[Job], *, now: datetime, holds: timedelta
    ) -> dict[str, datetime]:
        """Return when somebody noticed that `jobs` are late: now, or up to `holds` ago.

        A job that is not what it was any more is left out.
        """
        late = {"_id": {"$in": [job.id for job in jobs]}, "next_run_time": _IS_DATE}
        await self._jobs.update_many(late, [_noticed_stage(now, holds)])
        fields = {"version": 1, "next_run_time": 1, "noticed.at": 1}
        found = {document["_id"]: document async for document in self._jobs.find(late, fields)}
        return {
            job.id: document["noticed"]["at"]
            for job in jobs
            if (document := found.get(job.id))
            and document["version"] == job.version
            and document["next_run_time"] == job.next_run_time
        }

    async def advance(self, advances: Sequence[Advance]) -> None:
        """Compare-and-set `next_run_time`; one that changed in between stays as it is."""
        for unset, group in _by_fields_to_remove(advances).items():
            rows = {one.job_id: _advanced(one) for one in group}
            as_planned = {
                "$and": [
                    same("next_run_time", {one.job_id: one.due for one in group}),
                    same("version", {one.job_id: one.version for one in group}),
                ]
            }
            guard = {"_id": {"$in": list(rows)}, "$expr": as_planned}
            stages = merge(rows, unset=unset)
            if unset:
                stages.insert(0, {"$set": {"status": STATUS_WHEN_ENDED}})
            await self._jobs.update_many(guard, stages)

    async def set_aside(self, job_id: str, *, reason: str, now: datetime) -> None:
        """Pause a job that cannot be fired, and say why, so that it blocks nobody."""
        await self._jobs.update_one({"_id": job_id}, _paused(reason, now))

    async def standing(self, job_ids: Sequence[str]) -> Standing:
        """Return how those of `job_ids` that exist stand right now, and when that is."""
        fields = {"enabled": 1, "paused_at": 1, "version": 1, "updated_at": 1, "now": "$$NOW"}
        jobs, now = {}, None
        async for document in self._jobs.find({"_id": {"$in": list(set(job_ids))}}, fields):
            now = document["now"]
            jobs[document["_id"]] = _standing_from(document)
        return Standing(jobs=jobs, now=now)

    async def get(self, job_id: str) -> Job | None:
        """Return the job, or None if it is gone or cannot be read."""
        document = await self._jobs.find_one({"_id": job_id})
        return next(iter(readable([document])), None) if document else None

    async def mark_running(self, job_ids: Sequence[str]) -> None:
        """Show the jobs as running; a paused one stays PAUSED."""
        if job_ids:
            await self._jobs.update_many(
                {"_id": {"$in": list(job_ids)}, "enabled": True},
                {"$set": {"status": JobStatus.RUNNING.value}},
            )

    async def note_endings(self, endings: Sequence[Ending]) -> None:
        """Update each job's summary; doing it twice changes nothing more."""
        for wave in waves(endings):
            await self._note_wave(wave)
        pauses = [
            UpdateOne({"_id": e.run.job_id}, _paused(e.pause_reason, e.finished_at))
            for e in endings
            if e.pause_reason
        ]
        pauses += [
            UpdateOne(
                {"_id": e.run.job_id, "enabled": True, **IS_POISON},
                _paused(TAKES_WORKERS_DOWN, e.finished_at),
            )
            for e in endings
            if e.poisoned
        ]
        if pauses:
            await self._jobs.bulk_write(pauses)

    async def _note_wave(self, endings: Mapping[str, Ending]) -> None:
        """Note one ending for each of some jobs."""
        retrying = [key for key, e in endings.items() if e.status is RunStatus.RETRYING]
        if retrying:
            await self._jobs.update_many(
                {"_id": {"$in": retrying}, "enabled": True},
                {"$set": {"status": JobStatus.RETRYING.value}},
            )
        ended = {key: e for key, e in endings.items() if e.status is not RunStatus.RETRYING}
        if ended:
            rows = {key: summary_of(ending) for key, ending in ended.items()}
            noted = same("last_run.id", {key: e.run.id for key, e in ended.items()})
            not_noted = {"_id": {"$in": list(rows)}, "$expr": {"$not": [noted]}}
            await self._jobs.update_many(not_noted, merge_with(rows, SUMMED_UP))


def _noticed_stage(now: datetime, holds: timedelta) -> Document:
    """Return the stage that notes `now`, unless a note on the same due time still holds."""
    same_due = {"$eq": ["$noticed.due", "$next_run_time"]}
    holds_on = {"$and": [same_due, {"$gte": ["$noticed.at", now - holds]}]}
    note = {"due": "$next_run_time", "at": now}
    noticed = {"$cond": [holds_on, "$noticed", note]}
    # Not $set, which would mix the fields of the note into what a damaged job has there.
    return {"$replaceWith": {"$mergeObjects": ["$$ROOT", {"noticed": noticed}]}}


def _standing_from(document: Mapping[str, Any]) -> JobStanding:
    """Return how a job stands; one that cannot be read wants no run to start."""
    try:
        check_shape(document, {"enabled": bool, "version": int, "updated_at": datetime})
    except Damaged:
        return JobStanding(enabled=False, paused_at=None, version=0, edited_at=LONG_AGO)
    return JobStanding(
        enabled=document["enabled"],
        paused_at=document.get("paused_at"),
        version=document["version"],
        edited_at=document["updated_at"],
    )


def _by_fields_to_remove(advances: Sequence[Advance]) -> dict[tuple[str, ...], list[Advance]]:
    """Return `advances` grouped by what they remove: a statement removes the same from all."""
    groups: dict[tuple[str, ...], list[Advance]] = defaultdict(list)
    for advance in advances:
        groups[() if advance.upcoming else ("next_run_time",)].append(advance)
    return groups


def _advanced(advance: Advance) -> Document:
    if advance.upcoming is not None:
        return {"next_run_time": advance.upcoming, "next_sort": advance.upcoming}
    ended: Document = {"next_sort": NEVER}
    if advance.status_when_ended is not None:
        ended["status"] = advance.status_when_ended.value
    return ended


def _paused(reason: str, now: datetime) -> Document:
    fields = {
        "enabled": False,
        "status": JobStatus.PAUSED.value,
        "paused_at": now,
        "paused_reason": reason,
        "next_sort": NEVER,
    }
    return {"$set": fields, "$unset": {"next_run_time": ""}}
