"""Read-only checks of the invariants on a live database, each one query per collection."""

from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from cronpp_app.domain.attempts import AttemptStatus
from cronpp_app.domain.runs import FINAL, UNFINISHED, Trigger
from cronpp_app.domain.schedules import fires_after
from cronpp_app.store.database import Database
from cronpp_app.store.documents import Document, job_from

_FINAL = [status.value for status in FINAL]
_UNFINISHED = [status.value for status in UNFINISHED]
_OPEN = AttemptStatus.RUNNING.value
_TICK = timedelta(milliseconds=1)


async def violations(database: Database) -> AsyncIterator[str]:
    """Yield a sentence for everything in `database` that breaks an invariant."""
    for check in (_doubled, _stuck, _overspent, _logs_of_runs, _gaps):
        async for violation in check(database):
            yield violation


async def _doubled(database: Database) -> AsyncIterator[str]:
    """I1: a fire time of a job has at most one run."""
    pipeline: list[Document] = [
        {"$match": {"trigger": Trigger.SCHEDULE.value, "fire_count": {"$exists": False}}},
        {"$group": {"_id": {"job": "$job_id", "at": "$fire_time"}, "count": {"$sum": 1}}},
        {"$match": {"count": {"$gt": 1}}},
    ]
    async for found in await database.runs.aggregate(pipeline, allowDiskUse=True):
        key = found["_id"]
        yield f"I1: {found['count']} runs of job {key['job']} for {key['at']}"


async def _stuck(database: Database) -> AsyncIterator[str]:
    """I7: a final run has left the queue; one that is not final is in it."""
    wrong: list[Document] = [
        {"status": {"$in": _FINAL}, "wake_at": {"$exists": True}},
        {"status": {"$in": _FINAL}, "seat": {"$exists": True}},
        {"status": {"$in": _UNFINISHED}, "wake_at": {"$exists": False}},
    ]
    async for run in database.runs.find({"$or": wrong}, {"status": 1}):
        yield f"I7: run {run['_id']} is {run['status']}, which its place in the queue denies"


async def _overspent(database: Database) -> AsyncIterator[str]:
    """I8: attempts, without those spared, are at most one more than the retries."""
    counted = {"$subtract": ["$attempt_count", "$spared_count"]}
    allowed = {"$add": ["$retry.max_retries", 1]}
    async for run in database.runs.find({"$expr": {"$gt": [counted, allowed]}}, {"_id": 1}):
        yield f"I8: run {run['_id']} has had more attempts than it may"


async def _logs_of_runs(database: Database) -> AsyncIterator[str]:
    """I6: every attempt of a final run has a record, and the record has ended."""
    numbers: dict[str, set[int]] = defaultdict(set)
    open_records: dict[str, int] = {}
    fields = {"_id": 0, "run_id": 1, "number": 1, "status": 1}
    async for record in database.logs.find({}, fields):
        numbers[record["run_id"]].add(record["number"])
        if record["status"] == _OPEN:
            open_records[record["run_id"]] = record["number"]
    final: Document = {"status": {"$in": _FINAL}, "attempt_count": {"$gt": 0}}
    async for run in database.runs.find(final, {"attempt_count": 1}):
        if run["_id"] in open_records:
            yield f"I6: attempt {open_records[run['_id']]} of final run {run['_id']} is open"
        missing = set(range(1, run["attempt_count"] + 1)) - numbers[run["_id"]]
        if missing:
            yield f"I6: attempts {sorted(missing)} of run {run['_id']} have no record"


async def _gaps(database: Database) -> AsyncIterator[str]:
    """I4: between a job's first run and its next, every fire time has a run or a row.

    Checked for the present version of each job: an edit starts its schedule anew.
    """
    told: dict[str, list[tuple[Any, Any]]] = defaultdict(list)
    scheduled = {"trigger": Trigger.SCHEDULE.value}
    fields = {"_id": 0, "job_id": 1, "job_version": 1, "fire_time": 1, "last_fire_time": 1}
    async for run in database.runs.find(scheduled, fields):
        key = f"{run['job_id']}/{run['job_version']}"
        told[key].append((run["fire_time"], run.get("last_fire_time", run["fire_time"])))
    async for document in database.jobs.find({"next_run_time": {"$type": "date"}}):
        job = job_from(document)
        spans = sorted(told.get(f"{job.id}/{job.version}", []))
        if not spans or job.next_run_time is None:
            continue
        singles = {first for first, last in spans if first == last}
        rows = [(first, last) for first, last in spans if first != last]
        for fire in fires_after(job.definition.schedule, after=spans[0][0] - _TICK):
            if fire >= job.next_run_time:
                break
            if fire not in singles and not any(a <= fire <= b for a, b in rows):
                yield f"I4: fire time {fire} of job {job.id} has neither run nor row"
