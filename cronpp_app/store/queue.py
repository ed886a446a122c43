"""What waits: runs that need a look, jobs that are due; asked of two indexes alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cronpp_app.store.database import Collection, Database

# Said in queries as well, or MongoDB does not see that a partial index serves them.
_IS_DATE = {"$type": "date"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A run or job of a user that needs a look `at` a moment."""

    id: str
    user_id: str
    at: datetime


class Queue:
    """Documents by the moment in their `field`, oldest first; no document is read."""

    def __init__(self, collection: Collection, field: str) -> None:
        self._collection = collection
        self._field = field
        self._oldest_first = {field: 1, "_id": 1}

    async def peek(self, *, until: datetime, limit: int) -> list[Waiting]:
        """Return at most `limit` of those whose moment comes by `until`, oldest first."""
        fields = {"user_id": 1, self._field: 1}
        found = self._collection.find(self._by(until), fields).sort(self._oldest_first)
        return [
            Waiting(id=one["_id"], user_id=str(one.get("user_id")), at=one[self._field])
            async for one in found.limit(limit)
        ]

    async def peek_by_user(
        self, *, until: datetime, reach: int, of_user: int, newest_first: bool = False
    ) -> Mapping[str, Sequence[str]]:
        """Return, by user, at most `of_user` ids of those whose moment comes by `until`.

        Only the oldest `reach` are considered, or the newest.
        """
        order = {field: -way if newest_first else way for field, way in self._oldest_first.items()}
        first = {"$firstN": {"input": "$_id", "n": of_user}}
        pipeline: list[dict[str, Any]] = [
            {"$match": self._by(until)},
            {"$sort": order},
            {"$limit": reach},
            {"$project": {"user_id": 1}},
            {"$group": {"_id": "$user_id", "ids": first}},
        ]
        found = await self._collection.aggregate(pipeline)
        return {document["_id"]: document["ids"] async for document in found}

    def _by(self, until: datetime) -> dict[str, Any]:
        return {self._field: {**_IS_DATE, "$lte": until}}


def queue_of_runs(database: Database) -> Queue:
    """Return the runs that are due, or whose lease ends, at their `wake_at`."""
    return Queue(database.runs, "wake_at")


def queue_of_jobs(database: Database) -> Queue:
    """Return the jobs that fire at their `next_run_time`."""
    return Queue(database.jobs, "next_run_time")
