"""Replaying many runs: the database copies them, a batch at a time; no body travels."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cronpp_app.domain.runs import RunStatus, Trigger
from cronpp_app.store.batches import row_of
from cronpp_app.store.database import Database, IdFor
from cronpp_app.store.documents import SCHEMA, Document
from cronpp_app.store.ledger import RunFilter

BATCH = 500
_KEPT: Final = (
    *("job_id", "user_id", "job_name", "job_version"),
    *("action", "retry", "overlap"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayCount:
    """How many runs a filter matched, and how many of them got a replay."""

    matched: int
    changed: int


class ReplayStore:
    """Makes new runs of old ones."""

    def __init__(self, database: Database) -> None:
        self._runs = database.runs
        self._jobs = database.jobs

    async def replay(self, which: RunFilter, *, now: datetime, id_for: IdFor) -> ReplayCount:
        """Make a run, due at `now`, of every run of the filter whose job is still there.

        One whose id, `id_for` the run that it repeats, is there already was made before.
        """
        matched = changed = 0
        async for jobs_of_runs in self._batches(which):
            living = await self._living(which.user_id, set(jobs_of_runs.values()))
            runs = [run_id for run_id, job_id in jobs_of_runs.items() if job_id in living]
            await self._copy(which.user_id, {run_id: id_for(run_id) for run_id in runs}, now)
            matched, changed = matched + len(jobs_of_runs), changed + len(runs)
        return ReplayCount(matched=matched, changed=changed)

    async def _batches(self, which: RunFilter) -> AsyncIterator[Mapping[str, str]]:
        """Yield the ids of the runs of the filter, each with its job's."""
        batch: dict[str, str] = {}
        async for found in self._runs.find(which.query(), {"job_id": 1}):
            batch[found["_id"]] = found["job_id"]
            if len(batch) == BATCH:
                yield batch
                batch = {}
        if batch:
            yield batch

    async def _living(self, user_id: str, job_ids: set[str]) -> set[str]:
        there = {"_id": {"$in": list(job_ids)}, "user_id": user_id}
        return {found["_id"] async for found in self._jobs.find(there, {"_id": 1})}

    async def _copy(self, user_id: str, copies: Mapping[str, str], now: datetime) -> None:
        """Copy runs; `copies` has the id of the copy by the id of the run."""
        if not copies:
            return
        fresh = {
            "_id": row_of({run_id: {"new": copy} for run_id, copy in copies.items()}),
            "schema": {"$literal": SCHEMA},
            **{name: f"${name}" for name in _KEPT},
            "trigger": Trigger.REPLAY.value,
            "status": RunStatus.PENDING.value,
            **dict.fromkeys(("fire_time", "created_at", "wake_at"), now),
            **{name: {"$literal": 0} for name in ("attempt_count", "lost_count", "spared_count")},
        }
        stages: list[Document] = [
            {"$match": {"_id": {"$in": list(copies)}, "user_id": user_id}},
            {"$project": fresh},
            {"$set": {"_id": "$_id.new"}},
            {"$merge": {"into": self._runs.name, "on": "_id", "whenMatched": "keepExisting"}},
        ]
        await self._runs.aggregate(stages)
