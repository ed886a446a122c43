"""A selftest from plan to findings."""

import asyncio
import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cronpp_app.clock import monotonic
from cronpp_app.domain.backoff import Backoff, RetryPolicy
from cronpp_app.domain.jobs import HttpAction, Job, JobDefinition, JobStatus, Overlap
from cronpp_app.domain.schedules import IntervalSchedule
from cronpp_app.selftest.findings import Ended, Findings, count
from cronpp_app.selftest.target import Target
from cronpp_app.selftest.workers import Workers
from cronpp_app.store.database import Database, new_id
from cronpp_app.store.documents import job_document
from cronpp_app.store.integrity import violations

PER_SECOND = 200
KILL_EVERY_SECONDS = 3.0
# So long after the last fire time everything must be finished: several leases, one after another.
CALM_SECONDS = 120.0
# Workers need a moment to start before the first fire time.
_START_SECONDS = 5.0
# Few fire times are spread over so long nevertheless that workers are killed in between.
_THIN_SECONDS, _THIN_PER_SECOND = 10, 20
_IS_DATE = {"$type": "date"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """A worker's end: when, by the database's clock, and the runs it held."""

    at: datetime
    held: Sequence[str]


def lasting(occurrences: int) -> int:
    """Return over how many seconds `occurrences` fire times are spread."""
    thin = min(_THIN_SECONDS, occurrences // _THIN_PER_SECOND)
    return max(1, thin, -(-occurrences // PER_SECOND))


def plan(occurrences: int, *, url: str, start_at: datetime) -> list[Job]:
    """Return every-second jobs with `occurrences` fire times in all, at most about 200 a second."""
    seconds = lasting(occurrences)
    full, rest = divmod(occurrences, seconds)
    fires = [seconds] * full + ([rest] if rest else [])
    offset = timedelta(seconds=1) / len(fires)
    return [
        _job(number, url, start_at=_whole_ms(start_at, offset * number), fires=count)
        for number, count in enumerate(fires)
    ]


def planned_ids(jobs: Sequence[Job]) -> set[str]:
    """Return the ids that the runs of `jobs` must have: made of job and fire time."""
    ids = set()
    for job in jobs:
        schedule = job.definition.schedule
        if not isinstance(schedule, IntervalSchedule) or schedule.end_at is None:
            raise TypeError(f"not a job of a selftest: {job}")
        fires = (schedule.end_at - schedule.start_at) // schedule.every + 1
        first = round(schedule.start_at.timestamp() * 1000)
        ids |= {f"{job.id}-{first + 1000 * number}" for number in range(fires)}
    return ids


async def try_out(
    database: Database, target: Target, workers: Workers, *, occurrences: int
) -> Findings:
    """Fire `occurrences` while workers are killed, wait for calm, and return what was found."""
    start_at = await database.server_time() + timedelta(seconds=_START_SECONDS)
    jobs = plan(occurrences, url=target.url, start_at=start_at)
    await database.jobs.insert_many([job_document(job) for job in jobs])
    kills = await _kill_for(_START_SECONDS + lasting(occurrences), database, workers)
    calm = await _becomes_calm(database)
    ledger = [_ended(document) async for document in database.runs.find()]
    return count(
        planned_ids(jobs),
        ledger,
        target.calls,
        violations=[violation async for violation in violations(database)],
        recoveries=await _recoveries(database, kills),
        kills=len(kills),
        calm=calm,
    )


def _job(number: int, url: str, *, start_at: datetime, fires: int) -> Job:
    return Job(
        id=new_id(),
        user_id="selftest",
        version=1,
        definition=JobDefinition(
            name=f"Selftest {number}",
            schedule=IntervalSchedule(
                every=timedelta(seconds=1),
                start_at=start_at,
                end_at=start_at + timedelta(seconds=fires - 1),
            ),
            action=HttpAction(method="POST", url=url, body="{}"),
            overlap=Overlap.ALLOW,  # else a run of a killed worker would skip those after it
            retry=RetryPolicy(backoff=Backoff.FIXED, base=timedelta(seconds=1), jitter=False),
        ),
        status=JobStatus.PENDING,
        enabled=True,
        created_at=start_at,
        updated_at=start_at,
        next_run_time=start_at,
    )


def _whole_ms(moment: datetime, offset: timedelta) -> datetime:
    """Return `moment + offset` cut to milliseconds, as the database keeps moments."""
    moved = moment + offset
    return moved.replace(microsecond=moved.microsecond // 1000 * 1000)


async def _kill_for(seconds: float, database: Database, workers: Workers) -> list[Kill]:
    """Kill a worker every few seconds until `seconds` are over; the first not before it works."""
    deadline, kills = monotonic() + seconds, []
    await asyncio.sleep(min(seconds, _START_SECONDS + 1))
    while monotonic() < deadline:
        pid = workers.kill_one()
        at = await database.server_time()
        held = {"status": "RUNNING", "worker_id": {"$regex": f"-{re.escape(str(pid))}-"}}
        ids = [run["_id"] async for run in database.runs.find(held, {"_id": 1})]
        kills.append(Kill(at=at, held=ids))
        await asyncio.sleep(max(0.0, min(KILL_EVERY_SECONDS, deadline - monotonic())))
    return kills


async def _becomes_calm(database: Database) -> bool:
    """Return whether all jobs ended and all runs finished in time."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CALM_SECONDS):
            async with await database.raw.watch(max_await_time_ms=500) as changes:
                while await _is_busy(database):
                    await changes.try_next()
            return True
    return False


async def _is_busy(database: Database) -> bool:
    return (
        await database.jobs.find_one({"next_run_time": _IS_DATE}, {"_id": 1}) is not None
        or await database.runs.find_one({"wake_at": _IS_DATE}, {"_id": 1}) is not None
    )


async def _recoveries(database: Database, kills: Sequence[Kill]) -> list[float]:
    """Return the seconds from each kill to the end of the last run that was held then."""
    spans = []
    for kill in kills:
        ended = {"_id": {"$in": list(kill.held)}, "finished_at": _IS_DATE}
        last = await database.runs.find_one(ended, sort={"finished_at": -1})
        if last is not None:
            spans.append((last["finished_at"] - kill.at).total_seconds())
    return spans


def _ended(document: Mapping[str, Any]) -> Ended:
    return Ended(
        run_id=document["_id"],
        job_id=document["job_id"],
        fire_time=document["fire_time"],
        status=document["status"],
        attempts=document["attempt_count"],
        lateness_ms=document.get("lateness_ms"),
        reason=document.get("reason"),
    )
