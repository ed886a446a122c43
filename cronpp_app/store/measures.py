"""The state of everything at a moment, for monitoring. Every number is bounded in its cost."""

from datetime import datetime

from cronpp_app.domain.jobs import JobStatus
from cronpp_app.store.database import Database

# Beyond this the backlog is not a number to read but a fire to put out.
COUNTED_TO = 100_000
_IS_DATE = {"$type": "date"}


class MeasureStore:
    """The collections `jobs` and `runs`, of all people together."""

    def __init__(self, database: Database) -> None:
        self._jobs = database.jobs
        self._runs = database.runs

    async def backlog(self, now: datetime) -> int:
        """Return how many fire times and runs are due and wait for a worker; stops at 100,000.

        A run whose worker has fallen silent is due again. Covered by the indexes of the queue.
        """
        due = {**_IS_DATE, "$lte": now}
        runs = await self._runs.count_documents({"wake_at": due}, limit=COUNTED_TO, hint="wake")
        left = COUNTED_TO - runs
        if left <= 0:
            return runs
        return runs + await self._jobs.count_documents(
            {"next_run_time": due}, limit=left, hint="due"
        )

    async def oldest_due(self, now: datetime) -> datetime | None:
        """Return since when the longest waiting fire time or run is due, or None if none is."""
        due = {**_IS_DATE, "$lte": now}
        run = await self._runs.find_one(
            {"wake_at": due}, {"_id": 0, "wake_at": 1}, sort={"wake_at": 1, "_id": 1}
        )
        job = await self._jobs.find_one(
            {"next_run_time": due}, {"_id": 0, "next_run_time": 1}, sort={"next_run_time": 1}
        )
        moments = [run["wake_at"]] if run else []
        moments += [job["next_run_time"]] if job else []
        return min(moments, default=None)

    async def jobs_by_status(self) -> dict[JobStatus, int]:
        """Return how many jobs have each status: reads every key of an index, no documents."""
        stages = [{"$group": {"_id": "$status", "count": {"$sum": 1}}}]
        counts = dict.fromkeys(JobStatus, 0)
        async for group in await self._jobs.aggregate(stages, hint="by_status"):
            counts[JobStatus(group["_id"])] = group["count"]
        return counts
