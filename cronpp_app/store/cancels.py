"""Cancelling a run that a worker holds: its log is closed first, by somebody else than its worker.

Closing the log record is the commit point of an attempt, so whoever cancels and whoever
records a result meet there, and only one of them gets through. The run itself keeps its seat
until its worker has let go, or its lease has ended, so that no other run of the job starts
beside a call that is still under way. Then any worker finds the verdict in the log.
"""

from collections.abc import Set
from datetime import datetime, timedelta
from enum import StrEnum

from pymongo.errors import DuplicateKeyError

from cronpp_app.domain.attempts import AttemptStatus
from cronpp_app.domain.runs import UNFINISHED, Run, RunStatus, Verdict
from cronpp_app.store.attempts import log_id, verdict_document
from cronpp_app.store.database import Database
from cronpp_app.store.documents import SCHEMA, Document
from cronpp_app.store.fences import milliseconds
from cronpp_app.store.notices import Notice, Notices
from cronpp_app.store.seats import wake_queued

# Stands where the claim of a run stood that was taken from its worker.
CANCELLING = "cancelling"
_RUNNING = RunStatus.RUNNING.value
_UNFINISHED = sorted(status.value for status in UNFINISHED)
_GONE = ("wake_at", "due_at", "seat", "queued", "claim_id", "error")


class Stopped(StrEnum):
    """What a cancelled attempt had done by then."""

    UNSENT = "unsent"  # nothing had been sent, and nothing will be
    SENT = "sent"


class CancelStore:
    """Takes runs away from their workers."""

    def __init__(self, database: Database, *, retention: timedelta) -> None:
        self._runs = database.runs
        self._logs = database.logs
        self._tally = database.tally
        self._notices = Notices(database)
        self._retention = retention

    async def close_attempt(self, run: Run, verdict: Verdict) -> Stopped | None:
        """Close the record of the present attempt as CANCELLED; None if it has ended by itself.

        If there is none yet, a closed one is put in its place: the worker that comes to open
        it finds it there, and sends nothing.
        """
        is_open = {
            "_id": log_id(run.id, run.attempt_count),
            "status": AttemptStatus.RUNNING.value,
        }
        try:
            result = await self._logs.update_one(is_open, self._closed(run, verdict), upsert=True)
        except DuplicateKeyError:
            return None
        return Stopped.SENT if result.matched_count else Stopped.UNSENT

    async def take_from_worker(self, run: Run, *, reason: str) -> None:
        """Take the claim of `run` from its worker, and wake the workers to notice it."""
        held = {"_id": run.id, "status": _RUNNING, "attempt_count": run.attempt_count}
        await self._runs.update_one(held, {"$set": {"claim_id": CANCELLING, "reason": reason}})
        await self._notices.ring(Notice.CANCEL)

    async def end(self, run: Run, *, reason: str, now: datetime) -> None:
        """End an unsent `run` as CANCELLED."""
        fields = {
            "status": RunStatus.CANCELLED.value,
            "reason": reason,
            "attempt_count": run.attempt_count,
            "finished_at": now,
            "expire_at": now + self._retention,
        }
        unfinished = {"_id": run.id, "status": {"$in": _UNFINISHED}}
        result = await self._runs.update_one(
            unfinished, {"$set": fields, "$unset": dict.fromkeys(_GONE, "")}
        )
        self._tally.ended(RunStatus.CANCELLED, result.modified_count)
        await wake_queued(self._runs, [run])

    async def among(self, run_ids: Set[str]) -> set[str]:
        """Return those of `run_ids` that were taken from their worker to be cancelled."""
        taken = {"_id": {"$in": list(run_ids)}, "claim_id": CANCELLING}
        return {found["_id"] async for found in self._runs.find(taken, {"_id": 1})}

    async def let_go(self, run_ids: Set[str]) -> None:
        """Have `run_ids`, broken off by their worker, looked at now, not when the lease ends."""
        taken = {"_id": {"$in": list(run_ids)}, "claim_id": CANCELLING, "status": _RUNNING}
        await self._runs.update_many(taken, [{"$set": {"wake_at": "$$NOW"}}])

    def _closed(self, run: Run, verdict: Verdict) -> list[Document]:
        kept = milliseconds(self._retention + timedelta(days=1))
        opened = {
            "schema": SCHEMA,
            "run_id": run.id,
            "job_id": run.job_id,
            "user_id": run.user_id,
            "number": run.attempt_count,
            "worker_id": run.worker_id,
        }
        closed = {
            **{name: {"$literal": value} for name, value in opened.items()},
            "claim_id": CANCELLING,
            "status": AttemptStatus.CANCELLED.value,
            "started_at": {"$ifNull": ["$started_at", "$$NOW"]},
            "finished_at": "$$NOW",
            "expire_at": {"$add": ["$$NOW", kept]},
            "verdict": {"$literal": verdict_document(verdict)},
        }
        lasted = {"$max": [0, {"$subtract": ["$finished_at", "$started_at"]}]}
        return [{"$set": closed}, {"$set": {"duration_ms": {"$toInt": lasted}}}]
