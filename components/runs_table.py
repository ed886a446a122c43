"""The live table of runs."""

from collections.abc import Callable
from typing import Any

from components.live_table import LiveTable

_COLUMNS = (
    ("status", "Status", None),
    ("job", "Job", None),
    ("fire", "Fire time", None),
    ("late", "Lateness", None),
    ("took", "Duration", None),
    ("note", "What came of it", None),
    ("actions", "", None),
)


def runs_table(
    *,
    shows_job: bool,
    on_open: Callable[[str, str], Any],
    on_only: Callable[[str], Any],
) -> LiveTable:
    """Return a table of runs; `on_open` gets a job's and a run's id, `on_only` a job's."""
    columns = [column for column in _COLUMNS if shows_job or column[0] != "job"]
    handlers = {"open": lambda arguments: on_open(*arguments), "only": on_only}
    return LiveTable(columns, "run_row", on=handlers)
