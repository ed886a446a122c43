"""The figures of scenarios as a table: `python -m tests.cluster.figures FILE`.

FILE is what `make chaos` was told to write with CRONPP_CHAOS_FIGURES=FILE: a line of JSON for
each scenario and seed.
"""

import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

_SUMS = ("fire_times", "complaints", "sent_twice", "rejected", "gaps")
_COLUMNS = (
    "scenario",
    "seeds",
    "fire times",
    "broken promises",
    "sent twice, marked",
    "late results rejected",
    "told as skipped",
    "seconds: median, longest",
)


def table(lines: Sequence[str]) -> Iterator[str]:
    """Yield the rows of the table, a scenario each, and the sum of all."""
    by_scenario: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        told = json.loads(line)
        by_scenario[told["scenario"]].append(told)
    yield f"| {' | '.join(_COLUMNS)} |"
    yield f"|{' --- |' * len(_COLUMNS)}"
    for scenario, told in by_scenario.items():
        yield _row(scenario, told)
    yield _row("**all**", [one for told in by_scenario.values() for one in told], timed=False)


def _row(name: str, told: Sequence[dict[str, Any]], *, timed: bool = True) -> str:
    sums = [f"{sum(one[field] for one in told):,}" for field in _SUMS]
    spans = [one["seconds"] for one in told if "seconds" in one and timed]
    seconds = f"{median(spans):.1f}, {max(spans):.1f}" if spans else "–"
    return f"| {' | '.join([name, str(len(told)), *sums, seconds])} |"


if __name__ == "__main__":
    print("\n".join(table(Path(sys.argv[1]).read_text().splitlines())))
