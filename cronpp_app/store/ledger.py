"""The ledger as people read it: runs, their attempts, and statistics. Every query names the owner.

Runs as workers see them are in `runs.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pymongo import ReturnDocument

from cronpp_app.domain.attempts import Attempt
from cronpp_app.domain.runs import UNFINISHED, Run, RunStatus, Trigger
from cronpp_app.store.attempts import log_ids
from cronpp_app.store.database import Database
from cronpp_app.store.documents import LONG_AGO, Document
from cronpp_app.store.jobs import Position, behind
from cronpp_app.store.run_documents import attempt_from, run_for_people
from cronpp_app.store.seats import wake_queued

_WAITING = [RunStatus.PENDING.value, RunStatus.RETRYING.value]
_WITHOUT_BODY: Final = {"action.body": 0}
_COUNTED: Final = (RunStatus.SUCCESS.value, RunStatus.FAILED.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """Which runs of `user_id`; fire times from `since` (inclusive) to `until` (exclusive)."""

    user_id: str
    job_id: str | None = None
    status: RunStatus | None = None
    trigger: Trigger | None = None
    since: datetime | None = None
    until: datetime | None = None

    def query(self) -> Document:
        """Return the MongoDB query."""
        query: Document = {"user_id": self.user_id}
        if self.job_id is not None:
            query["job_id"] = self.job_id
        if self.status is not None:
            query["status"] = self.status.value
        if self.trigger is not None:
            query["trigger"] = self.trigger.value
        if self.status in UNFINISHED:
            query["wake_at"] = {"$type": "date"}  # the few in the queue, not the whole ledger
        span = {"$gte": self.since, "$lt": self.until}
        if given := {operator: moment for operator, moment in span.items() if moment}:
            query["$and"] = [{"fire_time": given}]
        return query


@dataclass(frozen=True, slots=True, kw_only=True)
class HourTally:
    """How the runs ended that finished in the hour that begins at `start`."""

    start: datetime
    succeeded: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """How many runs there are by status, and when the first and last of them ended."""

    counts: Mapping[str, int]
    first: datetime | None
    last: datetime | None


class Ledger:
    """The collections `runs` and `execution_logs`, for people."""

    def __init__(self, database: Database, *, retention: timedelta) -> None:
        self._runs = database.runs
        self._logs = database.logs
        self._tally = database.tally
        self._retention = retention

    async def get(self, user_id: str, run_id: str) -> Run | None:
        """Return a run of this user, or None."""
        document = await self._runs.find_one({"_id": run_id, "user_id": user_id})
        return run_for_people(document) if document else None

    async def some(self, user_id: str, run_ids: Sequence[str]) -> list[Run]:
        """Return those of `run_ids` that are runs of this user, without their bodies."""
        query = {"_id": {"$in": list(run_ids)}, "user_id": user_id}
        return [run_for_people(found) async for found in self._runs.find(query, _WITHOUT_BODY)]

    async def attempts(self, user_id: str, run_id: str) -> tuple[Attempt, ...]:
        """Return the attempts of a run, the first one first."""
        found = self._logs.find({"_id": log_ids(run_id), "user_id": user_id}).sort({"_id": 1})
        return tuple([attempt_from(document) async for document in found])

    async def page(
        self, which: RunFilter, *, limit: int, after: Position | None = None
    ) -> tuple[list[Run], Position | None]:
        """Return at most `limit` runs behind position `after`, newest first, and where to go on.

        The actions of these runs come without their bodies, which no list shows.
        """
        query = behind(which.query(), "fire_time", after, descending=True)
        cursor = self._runs.find(query, _WITHOUT_BODY).sort({"fire_time": -1, "_id": -1})
        documents = await cursor.limit(limit + 1).to_list()
        more = len(documents) > limit
        documents = documents[:limit]
        last = (documents[-1]["fire_time"], documents[-1]["_id"]) if more else None
        return [run_for_people(document) for document in documents], last

    async def count(self, which: RunFilter, *, limit: int) -> int:
        """Return how many runs there are; counting stops at `limit`."""
        return await self._runs.count_documents(which.query(), limit=limit)

    async def cancel(self, run: Run, *, reason: str, now: datetime) -> Run | None:
        """Cancel `run` if it still waits; return it as it is then, or None if it does not wait."""
        fields = {
            "status": RunStatus.CANCELLED.value,
            "reason": reason,
            "finished_at": now,
            "expire_at": now + self._retention,
        }
        gone = dict.fromkeys(("wake_at", "due_at", "seat", "queued", "claim_id"), "")
        cancelled = await self._changed(run, _WAITING, {"$set": fields, "$unset": gone})
        self._tally.ended(RunStatus.CANCELLED, int(cancelled is not None))
        await wake_queued(self._runs, [cancelled] if cancelled else [])
        return cancelled

    async def hurry(self, run: Run) -> Run | None:
        """Make a run that waits for a retry due now, by the database's clock; None if it is not."""
        due = [{"$set": {"wake_at": "$$NOW"}}]
        return await self._changed(run, [RunStatus.RETRYING.value], due)

    async def tally(
        self, user_id: str, *, since: datetime, until: datetime
    ) -> tuple[HourTally, ...]:
        """Return how the runs that finished from `since` to before `until` ended, by hour."""
        hour = {"$dateTrunc": {"date": "$finished_at", "unit": "hour"}}
        counts = {
            status: {"$sum": {"$cond": [{"$eq": ["$status", status]}, 1, 0]}} for status in _COUNTED
        }
        stages = [
            {"$match": _finished(user_id, since, until)},
            {"$group": {"_id": hour, **counts}},
            {"$sort": {"_id": 1}},
        ]
        success, failed = _COUNTED
        return tuple(
            [
                HourTally(start=group["_id"], succeeded=group[success], failed=group[failed])
                async for group in await self._runs.aggregate(stages, hint="results")
            ]
        )

    async def lateness(
        self, user_id: str, *, since: datetime, until: datetime, limit: int
    ) -> list[int]:
        """Return the lateness in ms of the newest runs that finished in this span."""
        found = (
            self._runs.find(
                _finished(user_id, since, until), {"_id": 0, "lateness_ms": 1}, hint="results"
            )
            .sort({"finished_at": -1})
            .limit(limit)
        )
        values = [document.get("lateness_ms") async for document in found]
        return [value for value in values if value is not None]

    async def summary(self, user_id: str) -> RunSummary:
        """Return the sums of all runs of a person, read from indexes."""
        ended = {"user_id": user_id, "finished_at": {"$gt": LONG_AGO}}
        bounds = {"first": {"$min": "$finished_at"}, "last": {"$max": "$finished_at"}}
        count = {"$group": {"_id": "$status", "count": {"$sum": 1}, **bounds}}
        groups = await self._runs.aggregate([{"$match": ended}, count], hint="results")
        found = await groups.to_list()
        counts = {group["_id"]: group["count"] for group in found}
        queue = {"wake_at": {"$type": "date"}, "user_id": user_id}
        async for run in self._runs.find(queue, {"status": 1}, hint="wake"):
            counts[run["status"]] = counts.get(run["status"], 0) + 1
        return RunSummary(
            counts=counts,
            first=min((group["first"] for group in found), default=None),
            last=max((group["last"] for group in found), default=None),
        )

    async def _changed(self, run: Run, statuses: list[str], change: object) -> Run | None:
        document = await self._runs.find_one_and_update(
            {"_id": run.id, "user_id": run.user_id, "status": {"$in": statuses}},
            change,  # type: ignore[arg-type]  # an update or a pipeline
            return_document=ReturnDocument.AFTER,
        )
        return run_for_people(document) if document else None


def _finished(user_id: str, since: datetime, until: datetime) -> Document:
    return {
        "user_id": user_id,
        "finished_at": {"$gte": since, "$lt": until},
        "status": {"$in": list(_COUNTED)},
    }
