"""Read-only checks of the invariants on a live database.

The server walks through runs and records twice each, once for a line per job (its sums, and the
misnamed) and once, which costs little, for documents that alone are wrong. Only where sums do not
agree are single runs looked at. So a million runs take a few seconds, and nothing is reported
that merely changed between two reads.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pymongo

from cronpp_app.domain.attempts import AttemptStatus
from cronpp_app.domain.jobs import Job
from cronpp_app.domain.runs import FINAL, UNFINISHED, Trigger
from cronpp_app.domain.schedules import count_fires, next_fire
from cronpp_app.store.attempts import log_id
from cronpp_app.store.database import Collection, Database
from cronpp_app.store.documents import LONG_AGO, Document
from cronpp_app.store.jobs import readable

_FINAL = sorted(status.value for status in FINAL)
_UNFINISHED = sorted(status.value for status in UNFINISHED)
_OPEN = AttemptStatus.RUNNING.value
_IS_DATE = {"$type": "date"}
_TICK = timedelta(milliseconds=1)
_UNCOUNTED = 10**9
# One pass over a large collection may take longer than other operations may.
_PATIENCE_SECONDS = 600


@dataclass(slots=True, kw_only=True)
class _Sums:
    """What the ledger holds of one version of a job: since when, how many times, attempts."""

    first: datetime
    told: int


@dataclass(slots=True, kw_only=True)
class _Ledger:
    """The ledger in sums: by job and version, and the attempts of final runs by job.

    `misnamed` are the ids of scheduled runs that are not made of their job and fire time.
    """

    sums: dict[str, _Sums] = field(default_factory=dict)
    attempts: Counter[str] = field(default_factory=Counter)
    misnamed: list[str] = field(default_factory=list)


async def violations(database: Database) -> AsyncIterator[str]:
    """Yield a sentence for everything in `database` that breaks an invariant."""
    since = await _kept_since(database)
    ledger, records, denied = await asyncio.gather(
        _ledger(database, since), _kept_records(database, since), _denied(database)
    )
    for run_id in ledger.misnamed:
        yield f"I1: run {run_id} is not named after its job and fire time"
    for violation in denied:
        yield violation
    for check in (_queue(database), _records(database, ledger, records), _gaps(database, ledger)):
        async for violation in check:
            yield violation


async def _kept_since(database: Database) -> datetime:
    """Return since when nothing has been deleted for its age, to be on the safe side."""
    newest = await database.runs.find_one(
        {"expire_at": _IS_DATE}, {"finished_at": 1, "expire_at": 1}, sort={"expire_at": -1}
    )
    if newest is None or "finished_at" not in newest:
        return LONG_AGO
    retention: timedelta = newest["expire_at"] - newest["finished_at"]
    return await database.server_time() - retention + min(timedelta(days=1), retention / 2)


_MADE_OF = {"$concat": ["$job_id", "-", {"$toString": {"$toLong": "$fire_time"}}]}
_IS_SCHEDULED = {"$eq": ["$trigger", Trigger.SCHEDULE.value]}
_IS_FINAL = {"$in": ["$status", _FINAL]}
# The id is made of job and fire time, and unique: where all are, none is there twice.
_MISNAMED: Document = {
    "$and": [
        _IS_SCHEDULED,
        {"$eq": [{"$type": "$fire_time"}, "date"]},
        {"$ne": ["$_id", _MADE_OF]},
        {"$eq": [{"$type": "$fire_count"}, "missing"]},
    ]
}
_IN_NO_QUEUE: Document = {"status": {"$in": _UNFINISHED}, "wake_at": {"$not": _IS_DATE}}
_COUNTED = {"$subtract": ["$attempt_count", "$spared_count"]}
_NUMBERS = [
    {"$isNumber": f"${name}"} for name in ("attempt_count", "spared_count", "retry.max_retries")
]
_ALLOWED = {"$add": ["$retry.max_retries", 1]}
_TRIED_TOO_OFTEN: Document = {
    "attempt_count": {"$gt": 1},  # every run may have one; spares nearly all the rest
    "$expr": {"$cond": [{"$and": _NUMBERS}, {"$gt": [_COUNTED, _ALLOWED]}, False]},
}


async def _denied(database: Database) -> list[str]:
    """I7, I8: return what the documents of runs alone deny, found in one pass."""
    wrong = {"$or": [_IN_NO_QUEUE, _TRIED_TOO_OFTEN]}
    with pymongo.timeout(_PATIENCE_SECONDS):
        found = await database.runs.find(wrong, {"status": 1, "wake_at": 1}).to_list()
    return [
        f"I7: run {run['_id']} is {run['status']}, and in no queue"
        if run.get("status") in _UNFINISHED and not isinstance(run.get("wake_at"), datetime)
        else f"I8: run {run['_id']} has had more attempts than it may"
        for run in found
    ]


async def _ledger(database: Database, since: datetime) -> _Ledger:
    """Return the sums of the ledger, in one pass."""
    told = {"$and": [_IS_SCHEDULED, {"$gte": ["$fire_time", since]}]}
    tried = {"$and": [_IS_FINAL, {"$gte": ["$created_at", since]}]}
    group: Document = {
        "_id": {"job": "$job_id", "version": "$job_version"},
        "first": {"$min": {"$cond": [told, "$fire_time", None]}},
        "told": {"$sum": {"$cond": [told, {"$ifNull": ["$fire_count", 1]}, 0]}},
        "attempts": {"$sum": {"$cond": [tried, "$attempt_count", 0]}},
        "misnamed": {"$push": {"$cond": [_MISNAMED, "$_id", "$$REMOVE"]}},
    }
    ledger = _Ledger()
    async for found in _summed_up(database.runs, group):
        key = found["_id"]
        ledger.misnamed += found["misnamed"]
        ledger.attempts[str(key.get("job"))] += found["attempts"]
        if found["first"] is not None:
            sums = _Sums(first=found["first"], told=found["told"])
            ledger.sums[f"{key.get('job')}/{key.get('version')}"] = sums
    return ledger


async def _summed_up(collection: Collection, group: Document) -> AsyncIterator[Mapping[str, Any]]:
    """Yield the groups of a whole collection, however long that takes."""
    with pymongo.timeout(_PATIENCE_SECONDS):
        groups = await collection.aggregate([{"$group": group}], allowDiskUse=True)
        found = await groups.to_list()
    for one in found:
        yield one


async def _queue(database: Database) -> AsyncIterator[str]:
    """I7: a final run has left the queue, and its job's seat."""
    left = {"status": {"$in": _FINAL}}
    for place in ({"wake_at": _IS_DATE}, {"seat": {"$type": "string"}}):
        async for run in database.runs.find(left | place, {"status": 1}):
            yield f"I7: run {run['_id']} is {run['status']}, which its place in the queue denies"


@dataclass(slots=True, kw_only=True)
class _Records:
    """The execution log in sums: records by job, and the runs with one that is open."""

    counts: Counter[str] = field(default_factory=Counter)
    open_of: list[str] = field(default_factory=list)


async def _kept_records(database: Database, since: datetime) -> _Records:
    """Return the sums of the execution log: one pass to count, one to find what is open."""
    records = _Records()
    with pymongo.timeout(_PATIENCE_SECONDS):
        async for found in database.logs.find({"status": _OPEN}, {"run_id": 1}):
            records.open_of.append(found["run_id"])
    kept = {"$gte": ["$started_at", since]}
    group: Document = {"_id": {"job": "$job_id", "kept": kept}, "count": {"$sum": 1}}
    async for found in _summed_up(database.logs, group):
        if found["_id"]["kept"]:
            records.counts[str(found["_id"].get("job"))] = found["count"]
    return records


async def _records(database: Database, ledger: _Ledger, records: _Records) -> AsyncIterator[str]:
    """I6: every attempt of a final run has a record, and the record has ended."""
    still_open = {"_id": {"$in": records.open_of}, "status": {"$in": _FINAL}}
    async for run in database.runs.find(still_open, {"attempt_count": 1}):
        yield f"I6: a record of final run {run['_id']} is open"
    for job_id, attempts in ledger.attempts.items():
        if records.counts[job_id] != attempts:
            async for violation in _records_of(database, job_id):
                yield violation


async def _records_of(database: Database, job_id: str) -> AsyncIterator[str]:
    """Compare the runs of one job with their records, key by key."""
    tried = {"job_id": job_id, "status": {"$in": _FINAL}, "attempt_count": {"$gt": 0}}
    found = database.runs.find(tried, {"attempt_count": 1})
    wanted = {
        log_id(run["_id"], number): run["_id"]
        async for run in found
        for number in range(1, run["attempt_count"] + 1)
    }
    there = {"_id": {"$in": list(wanted)}}
    keys = {record["_id"] async for record in database.logs.find(there, {"_id": 1})}
    for key in sorted(wanted.keys() - keys):
        yield f"I6: attempt {key.rpartition('/')[2]} of run {wanted[key]} has no record"


async def _gaps(database: Database, ledger: _Ledger) -> AsyncIterator[str]:
    """I1, I4: from a job's first run to its next, every fire time ran or has a row, not both.

    Checked for the present version of each job, since it was last resumed: an edit starts its
    schedule anew, and a pause leaves a gap.
    """
    async for document in database.jobs.find({"next_run_time": _IS_DATE}):
        for job in readable([document]):
            sums = ledger.sums.get(f"{job.id}/{job.version}")
            if sums is None or job.next_run_time is None:
                continue
            span = {"after": sums.first - _TICK, "until": job.next_run_time - _TICK}
            due = count_fires(job.definition.schedule, **span, limit=_UNCOUNTED)
            if due != sums.told:
                async for violation in _gaps_of(database, job, sums.first):
                    yield violation


async def _gaps_of(database: Database, job: Job, first: datetime) -> AsyncIterator[str]:
    """Look at the runs and rows of one job for fire times that have neither, or contrary ones."""
    now = await database.jobs.find_one({"_id": job.id}, {"next_run_time": 1, "version": 1})
    if now is None or now["version"] != job.version or "next_run_time" not in now:
        return  # it was changed in between
    told = {
        "job_id": job.id,
        "job_version": job.version,
        "fire_time": {"$gte": first},
        "trigger": Trigger.SCHEDULE.value,
    }
    # What passed while it was paused is neither: it counts from when it was last resumed.
    until, schedule = max(first, job.updated_at) - _TICK, job.definition.schedule
    fields = {"fire_time": 1, "last_fire_time": 1, "attempt_count": 1}
    skipped_until = first - _TICK
    async for run in database.runs.find(told, fields).sort({"fire_time": 1}):
        if "last_fire_time" in run:
            skipped_until = max(skipped_until, run["last_fire_time"])
        elif run["fire_time"] <= skipped_until and run.get("attempt_count"):
            yield f"I1: fire time {run['fire_time']} of job {job.id} ran, and a row denies it"
        missing = next_fire(schedule, after=until)
        if missing is not None and missing < min(run["fire_time"], now["next_run_time"]):
            yield f"I4: fire time {missing} of job {job.id} has neither run nor row"
        until = max(until, run.get("last_fire_time", run["fire_time"]))
    missing = next_fire(schedule, after=until)
    if missing is not None and missing < now["next_run_time"]:
        yield f"I4: fire time {missing} of job {job.id} has neither run nor row"
