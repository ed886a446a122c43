"""Counted tries, shared by all web processes, by the database's clock."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from math import ceil
from typing import Any

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from cronpp_app.domain.throttling import Allowance
from cronpp_app.store.database import Collection, Database
from cronpp_app.store.fences import milliseconds, now_plus

_KNOWN = "known "


class ThrottleStore:
    """The collection `throttles`: one document per key, gone when it is full again."""

    def __init__(self, database: Database) -> None:
        self._throttles: Collection = database.raw["throttles"]

    async def take(self, key: str, allowance: Allowance) -> int | None:
        """Take one try under `key`; return None, or in how many seconds the next one comes.

        One atomic write: two processes never both get the last try.
        """
        try:
            found = await self._take(key, allowance)
        except DuplicateKeyError:  # two first tries at the same moment
            found = await self._take(key, allowance)
        if found["granted"]:
            return None
        missing: float = 1 - found["tries"]
        return max(1, ceil(missing * allowance.refill.total_seconds()))

    async def give_back(self, key: str, allowance: Allowance) -> None:
        """Give back a try that turned out to be right."""
        more = {"$min": [allowance.tries, {"$add": ["$tries", 1]}]}
        await self._throttles.update_one({"_id": key}, [{"$set": {"tries": more}}])

    async def remember(self, key: str, *, lasting: timedelta) -> None:
        """Remember `key` for a while."""
        await self._throttles.update_one(
            {"_id": _KNOWN + key}, [{"$set": {"expire_at": now_plus(lasting)}}], upsert=True
        )

    async def remembers(self, key: str) -> bool:
        """Return whether `key` is remembered."""
        return await self._throttles.find_one({"_id": _KNOWN + key}, {"_id": 1}) is not None

    async def forget(self, keys: Sequence[str], *, beginning: str) -> None:
        """Forget what is counted or remembered under `keys`, and under keys of this beginning."""
        begins = [{"_id": {"$regex": f"^{known}{beginning}"}} for known in ("", _KNOWN)]
        await self._throttles.delete_many({"$or": [{"_id": {"$in": list(keys)}}, *begins]})

    async def _take(self, key: str, allowance: Allowance) -> Mapping[str, Any]:
        refill = milliseconds(allowance.refill)
        passed = {"$subtract": ["$$NOW", {"$ifNull": ["$counted_at", "$$NOW"]}]}
        left = {
            "$min": [
                allowance.tries,
                {
                    "$add": [
                        {"$ifNull": ["$tries", allowance.tries]},
                        {"$divide": [passed, refill]},
                    ]
                },
            ]
        }
        counted = {"$cond": ["$granted", {"$subtract": ["$tries", 1]}, "$tries"]}
        changed = await self._throttles.find_one_and_update(
            {"_id": key},
            [
                {"$set": {"tries": left, "counted_at": "$$NOW"}},
                {"$set": {"granted": {"$gte": ["$tries", 1]}}},
                {
                    "$set": {
                        "tries": counted,
                        "expire_at": now_plus(allowance.refill * (allowance.tries + 1)),
                    }
                },
            ],
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        return changed or {}  # an upsert always returns what it wrote
