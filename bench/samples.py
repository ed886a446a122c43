"""What processes and collections hold, sampled; and whether it grows."""

import os
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from cronpp_app.store.database import Database

# Numbers this small go up and down with what just happens; a leak outgrows them.
COUNTS_MAY_DIFFER = 3.0
# Files have holes, which come and go with what is deleted; more documents would show as such.
FILES_MAY_DIFFER_MIB = 1.0
GROWTH = 0.05
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A series after its warm-up: the median of its first third, and of its last.

    By `may_differ` it may grow whatever the share.
    """

    first: float
    last: float
    may_differ: float

    @property
    def growth(self) -> float:
        """Return the growth as a share of the beginning."""
        return (self.last - self.first) / self.first if self.first else float(self.last > 0)

    @property
    def is_flat(self) -> bool:
        """Return whether the series grew by no more than 5 %, or by little."""
        return self.last - self.first <= self.may_differ or self.growth <= GROWTH


class Samples:
    """Series of numbers by name, over seconds since the start."""

    def __init__(self) -> None:
        self.series: dict[str, list[tuple[float, float]]] = defaultdict(list)

    def note(self, at: float, values: dict[str, float]) -> None:
        """Add one number to each series."""
        for name, value in values.items():
            self.series[name].append((at, value))

    def trend(self, name: str, *, after: float) -> Trend:
        """Return how series `name` went from second `after` on."""
        values = [value for at, value in self.series[name] if at >= after]
        third = max(1, len(values) // 3)
        return Trend(
            first=median(values[:third]),
            last=median(values[-third:]),
            may_differ=_may_differ(name),
        )


def _may_differ(name: str) -> float:
    if "MiB" not in name:
        return COUNTS_MAY_DIFFER
    return 0.0 if "memory" in name else FILES_MAY_DIFFER_MIB


def of_process(role: str, pid: int, tasks: Path | None) -> dict[str, float]:
    """Return what a process holds now (Linux); nothing if it has gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        values = {
            f"{role}: memory, MiB": int(fields["VmRSS"].split()[0]) / 1024,
            f"{role}: descriptors": float(len(os.listdir(f"/proc/{pid}/fd"))),
            f"{role}: threads": float(fields["Threads"]),
        }
    except (OSError, KeyError):
        return {}
    if tasks is not None and tasks.exists():
        text = tasks.read_text()
        values |= {f"{role}: tasks": float(text)} if text else {}
    return values


async def of_collections(database: Database) -> dict[str, float]:
    """Return how many documents there are, and what they and their indexes take on disk."""
    values = {}
    for name in ("runs", "execution_logs", "jobs"):
        stats = await database.raw.command("collStats", name)
        values[f"{name}: documents"] = float(stats["count"])
        values[f"{name}: storage, MiB"] = stats["storageSize"] / MIB
        values[f"{name}: indexes, MiB"] = stats["totalIndexSize"] / MIB
    return values
