"""Seats: one unfinished run of a job at a time, and one that waits for it, across all workers.

Two unique partial indexes decide; whoever writes second learns it from the duplicate key.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError

from cronpp_app.domain.jobs import Overlap
from cronpp_app.domain.runs import Run, RunStatus
from cronpp_app.store.database import Collection, Database
from cronpp_app.store.fences import (
    ONE_ATTEMPT_LESS,
    all_held,
    duplicates,
    held,
    milliseconds,
    now_plus,
)

# How soon a run that waits for its job's seat looks again; a finishing run wakes it earlier.
QUEUE_LOOK = timedelta(seconds=3)
LONGEST_LOOK = timedelta(minutes=1)
# Said in queries as well, or MongoDB does not see that a partial index serves them.
_IS_TEXT = {"$type": "string"}


class Seats:
    """The seats of jobs whose runs must not overlap."""

    def __init__(self, database: Database) -> None:
        self._runs = database.runs

    async def take(self, runs: Sequence[Run]) -> set[str]:
        """Let claimed `runs` take the seats of their jobs; return those that found them taken.

        Jobs that allow overlap have no seats; who sits already stays seated.
        """
        asking = [run for run in runs if run.overlap is not Overlap.ALLOW and not run.seated]
        seated = {run.job_id: run for run in reversed(asking)}
        others = {run.id for run in asking}
        if not seated:
            return set()
        taken = await self._held_by_others(seated)
        free = [run for run in seated.values() if run.id not in taken]
        others -= {run.id for run in free}
        return others | await self._sit_down(free)

    async def _held_by_others(self, runs: Mapping[str, Run]) -> set[str]:
        """Return those of `runs` (by job) whose job's seat another run has; a covered read."""
        taken = {"seat": {"$in": list(runs), **_IS_TEXT}}
        found = self._runs.find(taken, {"seat": 1})
        return {
            runs[other["seat"]].id
            async for other in found
            if other["_id"] != runs[other["seat"]].id
        }

    async def _sit_down(self, runs: Sequence[Run]) -> set[str]:
        """Seat `runs` of different jobs; return those to which another one was faster."""
        if not runs:
            return set()
        claims = {run.id: run.claim_id for run in runs}
        try:
            await self._runs.update_many(
                all_held(claims), [{"$set": {"seat": "$job_id"}}, {"$unset": "queued"}]
            )
        except DuplicateKeyError:
            return await self._sit_down_singly(runs)
        return set()

    async def _sit_down_singly(self, runs: Sequence[Run]) -> set[str]:
        updates = [
            UpdateOne(held(run), {"$set": {"seat": run.job_id}, "$unset": {"queued": ""}})
            for run in runs
        ]
        try:
            await self._runs.bulk_write(updates, ordered=False)
        except BulkWriteError as error:
            return {runs[index].id for index in duplicates(error)}
        return set()

    async def holder(self, job_id: str) -> str | None:
        """Return the id of the run that has the job's seat."""
        found = await self._runs.find_one({"seat": {"$eq": job_id, **_IS_TEXT}}, {"_id": 1})
        return found["_id"] if found else None

    async def queue(self, run: Run) -> bool:
        """Let a claimed run wait for its job's seat, unsent; return False if another waits."""
        waiting = {"status": RunStatus.PENDING.value, "queued": run.job_id}
        stage = {
            "$set": waiting | {"wake_at": now_plus(QUEUE_LOOK), "attempt_count": ONE_ATTEMPT_LESS}
        }
        try:
            await self._runs.bulk_write(
                [UpdateOne(held(run), [stage, {"$unset": ["claim_id", "due_at"]}])]
            )
        except BulkWriteError as error:
            duplicates(error)
            return False
        return True

    async def wait(self, run: Run) -> None:
        """Let a claimed run wait, unsent, for its job's seat beside any number of others.

        It looks again after a quarter of the time it has waited, at most after a minute, so
        that many that wait cost little.
        """
        waited = {"$subtract": ["$$NOW", "$created_at"]}
        shortest, longest = milliseconds(QUEUE_LOOK), milliseconds(LONGEST_LOOK)
        pause = {"$min": [longest, {"$max": [shortest, {"$divide": [waited, 4]}]}]}
        fields = {
            "status": RunStatus.PENDING.value,
            "wake_at": {"$add": ["$$NOW", pause]},
            "attempt_count": ONE_ATTEMPT_LESS,
        }
        await self._runs.update_one(
            held(run), [{"$set": fields}, {"$unset": ["claim_id", "due_at"]}]
        )


async def wake_queued(runs: Collection, finished: Sequence[Run]) -> None:
    """Let those look at once that waited for the seat of one of `finished`."""
    job_ids = [run.job_id for run in finished if run.overlap is Overlap.QUEUE]
    if job_ids:
        await runs.update_many(
            {"queued": {"$in": job_ids, **_IS_TEXT}}, [{"$set": {"wake_at": "$$NOW"}}]
        )
