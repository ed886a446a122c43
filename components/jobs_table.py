"""The live table of jobs: one slot per row, patched in the browser."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from nicegui import ui

from components.job_rows import Row, changed_fields
from components.theme import STATIC

COLUMNS = (
    ("name", "Job", "name"),
    ("status", "Status", None),
    ("schedule", "Schedule", None),
    ("next", "Next run", "next_run_time"),
    ("runs", "Last 20 runs", None),
    ("last", "Last run", "last_run"),
    ("actions", "", None),
)
_ROW = (STATIC / "job_row.html").read_text(encoding="utf-8")
_HEAD = (STATIC / "job_head.html").read_text(encoding="utf-8")


class JobsTable:
    """Shows rows; `on_act` gets ("run", job id) and the like, `on_sort` a sort field."""

    def __init__(
        self,
        *,
        on_act: Callable[[str, str], Any],
        on_sort: Callable[[str], Any],
    ) -> None:
        self._sort = ""
        self._table = ui.table(rows=[], columns=[], row_key="id", pagination=0)
        self._table.classes("cx-table").props("flat hide-bottom hide-pagination")
        self._table.add_slot("header", _HEAD)
        self._table.add_slot("body", _ROW)
        self._table.on("act", lambda event: on_act(*event.args))
        self._table.on("sort", lambda event: on_sort(event.args))

    @property
    def element(self) -> ui.element:
        """Return the element, for its visibility and its life."""
        return self._table

    @property
    def rows(self) -> list[Row]:
        """Return the rows as the browser has them."""
        return self._table.rows

    def show(self, rows: Sequence[Row], *, sort: str) -> None:
        """Show these rows, in this order, under heads that tell the order `sort`.

        Rows that stand where they are already are only patched: an open menu stays open.
        """
        if sort == self._sort and [row["id"] for row in rows] == [r["id"] for r in self.rows]:
            self.patch(rows)
            return
        self._sort = sort
        self._table.columns = [_column(*column, sort=sort) for column in COLUMNS]
        self._table.rows = list(rows)

    def patch(self, rows: Sequence[Row]) -> None:
        """Bring rows that are shown up to date, sending only what changed."""
        known = {row["id"]: row for row in self._table.rows}
        patches = []
        # The mirror stays equal without being sent: a later full update must not jump back.
        with self._table.props.suspend_updates():
            for row in rows:
                patch = changed_fields(known.get(row["id"], row), row)
                if len(patch) > 1:
                    known[row["id"]].update(patch)
                    patches.append(patch)
        if patches:
            self._table.client.run_javascript(f"cxPatch({self._table.id}, {json.dumps(patches)})")


def _column(name: str, label: str, by: str | None, *, sort: str) -> dict[str, Any]:
    # A field that held a list would cost a slot per cell; rows are read in the slot anyway.
    column: dict[str, Any] = {"name": name, "label": label, "field": "id", "by": by}
    if by == sort.removeprefix("-"):
        column["order"] = "descending" if sort.startswith("-") else "ascending"
    return column
