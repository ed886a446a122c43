"""The queue as workers look at it: which runs need a look, without reading the runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cronpp_app.store.database import Database
from cronpp_app.store.documents import Document

# Said in queries as well, or MongoDB does not see that a partial index serves them.
_IS_DATE = {"$type": "date"}
_OLDEST_FIRST = {"wake_at": 1, "_id": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A run that needs a look at `wake_at`: it is due then, or its lease ends."""

    id: str
    user_id: str
    wake_at: datetime


class Queue:
    """The index `wake`; all of its questions are answered by the index alone."""

    def __init__(self, database: Database) -> None:
        self._runs = database.runs

    async def peek(self, *, until: datetime, limit: int) -> list[Waiting]:
        """Return at most `limit` runs to be looked at by `until`, oldest first."""
        due = {"wake_at": {**_IS_DATE, "$lte": until}}
        cursor = self._runs.find(due, {"user_id": 1, "wake_at": 1}).sort(_OLDEST_FIRST)
        return [
            Waiting(id=found["_id"], user_id=found["user_id"], wake_at=found["wake_at"])
            async for found in cursor.limit(limit)
        ]

    async def next_wake(self) -> datetime | None:
        """Return when the next run needs a look, or None when none does."""
        found = await self._runs.find_one(
            {"wake_at": _IS_DATE}, {"_id": 0, "wake_at": 1}, sort=_OLDEST_FIRST
        )
        return found["wake_at"] if found else None

    async def peek_by_user(
        self, *, until: datetime, reach: int, of_user: int
    ) -> Mapping[str, Sequence[str]]:
        """Return whose runs need a look by `until`: at most `of_user` ids of each, oldest first.

        Only the oldest `reach` runs are considered.
        """
        pipeline: list[Document] = [
            {"$match": {"wake_at": {**_IS_DATE, "$lte": until}}},
            {"$sort": _OLDEST_FIRST},
            {"$limit": reach},
            {"$project": {"user_id": 1}},
            {
                "$group": {
                    "_id": "$user_id",
                    "run_ids": {"$firstN": {"input": "$_id", "n": of_user}},
                }
            },
        ]
        found = await self._runs.aggregate(pipeline)
        return {document["_id"]: document["run_ids"] async for document in found}
