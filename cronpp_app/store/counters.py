"""Counts of what happened in all processes, added up in the database now and then.

What a process that is killed had not yet added is lost, some seconds' worth; sums only grow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from cronpp_app.domain.runs import FINAL, RunStatus
from cronpp_app.store.database import Database
from cronpp_app.store.tally import DURATION_MS, LATENESS_MS, MORE

_ID = "runs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """How many values were at most so many ms, growing, the last for all; and their sum."""

    buckets: tuple[tuple[float, int], ...]
    sum_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCounts:
    """Runs since this database was made: by final status, and how late and how long they were."""

    ended: Mapping[RunStatus, int]
    lateness: Histogram
    duration: Histogram


class CounterStore:
    """The collection `counters`: one document, added to by all processes."""

    def __init__(self, database: Database) -> None:
        self._counters = database.counters
        self._tally = database.tally

    async def flush(self) -> None:
        """Add what this process has counted; if that fails it is kept for the next time."""
        counts = self._tally.take()
        if not counts:
            return
        try:
            await self._counters.update_one({"_id": _ID}, {"$inc": dict(counts)}, upsert=True)
        except BaseException:
            self._tally.put_back(counts)
            raise

    async def read(self) -> RunCounts:
        """Return what all processes have added."""
        found: Mapping[str, Any] = await self._counters.find_one({"_id": _ID}) or {}
        ended = found.get("ended", {})
        return RunCounts(
            ended={status: ended.get(status.value, 0) for status in RunStatus if status in FINAL},
            lateness=_histogram(found.get("lateness", {}), LATENESS_MS),
            duration=_histogram(found.get("duration", {}), DURATION_MS),
        )


def _histogram(counted: Mapping[str, int], bounds: Sequence[int]) -> Histogram:
    buckets: list[tuple[float, int]] = []
    total = 0
    for bound in bounds:
        total += counted.get(str(bound), 0)
        buckets.append((bound, total))
    buckets.append((inf, total + counted.get(MORE, 0)))
    return Histogram(buckets=tuple(buckets), sum_ms=counted.get("sum", 0))
