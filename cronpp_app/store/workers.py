"""The registry of worker processes, by the database's clock."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cronpp_app.store.database import Database

# Silent for longer than this, a worker counts as gone.
SEEN_WITHIN = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerInfo:
    """A worker as the registry knows it."""

    id: str
    host: str
    pid: int
    version: str
    slots: int
    busy: int
    started_at: datetime
    seen_at: datetime


class WorkerStore:
    """Who works on this database."""

    def __init__(self, database: Database) -> None:
        self._workers = database.workers

    async def beat(self, worker: WorkerInfo) -> None:
        """Note that `worker` is alive, now, by the database's clock."""
        fields = {
            "host": worker.host,
            "pid": worker.pid,
            "version": worker.version,
            "slots": worker.slots,
            "busy": worker.busy,
            "started_at": worker.started_at,
        }
        await self._workers.update_one(
            {"_id": worker.id},
            {"$set": fields, "$currentDate": {"seen_at": True}},
            upsert=True,
        )

    async def leave(self, worker_id: str) -> None:
        """Take a worker that stopped in good order off the registry."""
        await self._workers.delete_one({"_id": worker_id})

    async def seen(self) -> tuple[WorkerInfo, ...]:
        """Return the workers seen in the last 30 s, by name."""
        span = round(SEEN_WITHIN.total_seconds() * 1000)
        recent = {"$expr": {"$gte": ["$seen_at", {"$subtract": ["$$NOW", span]}]}}
        return tuple(
            [
                WorkerInfo(id=document["_id"], **{k: document[k] for k in _FIELDS})
                async for document in self._workers.find(recent).sort({"_id": 1})
            ]
        )


_FIELDS = ("host", "pid", "version", "slots", "busy", "started_at", "seen_at")
