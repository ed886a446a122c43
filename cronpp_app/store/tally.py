"""Counts of what happened in this process, kept in memory: the hot path pays an addition."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

# Upper bounds in ms; what is beyond the last falls under MORE.
LATENESS_MS: Final = (1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 15_000, 60_000, 300_000)
DURATION_MS: Final = (*LATENESS_MS[1:], 900_000, 3_600_000)
MORE: Final = "more"


class Tally:
    """What this process has counted since it last told the database."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def ended(self, status: str, count: int = 1) -> None:
        """Count runs that became final."""
        if count:
            self._counts[f"ended.{status}"] += count

    def wrote(self, fields: Mapping[str, Any]) -> None:
        """Count what the outcome of an attempt, as stored with its run, tells."""
        if "lateness_ms" in fields:
            self._observe("lateness", fields["lateness_ms"], LATENESS_MS)
        if "finished_at" in fields:
            self.ended(fields["status"])
            if "duration_ms" in fields:
                self._observe("duration", fields["duration_ms"], DURATION_MS)

    def take(self) -> Counter[str]:
        """Return the counts and begin anew."""
        taken, self._counts = self._counts, Counter()
        return taken

    def put_back(self, counts: Counter[str]) -> None:
        """Keep counts that could not be told."""
        self._counts.update(counts)

    def _observe(self, name: str, value_ms: int, bounds: Sequence[int]) -> None:
        at = bisect_left(bounds, value_ms)
        self._counts[f"{name}.{bounds[at] if at < len(bounds) else MORE}"] += 1
        self._counts[f"{name}.sum"] += value_ms
