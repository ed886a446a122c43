"""The live table of jobs, in which some can be picked."""

from collections.abc import Callable, Sequence
from typing import Any

from nicegui import ui

from components.live_table import LiveTable, Row

COLUMNS = (
    ("pick", "", None),
    ("name", "Job", "name"),
    ("status", "Status", None),
    ("schedule", "Schedule", None),
    ("next", "Next run", "next_run_time"),
    ("runs", "Last 20 runs", None),
    ("last", "Last run", "last_run"),
    ("actions", "", None),
)


class JobsTable:
    """Shows rows; `on_act` gets ("run", job id) and the like, `on_sort` a sort field.

    `on_pick` is called when rows are picked or let go; `picked` are the ids of those that are,
    on this page or another.
    """

    def __init__(
        self,
        *,
        on_act: Callable[[str, str], Any],
        on_sort: Callable[[str], Any],
        on_pick: Callable[[], Any],
    ) -> None:
        self.picked: set[str] = set()
        self._on_pick = on_pick
        self._table = LiveTable(
            COLUMNS,
            "job_row",
            on={
                "act": lambda arguments: on_act(*arguments),
                "sort": on_sort,
                "pick": lambda arguments: self._pick(*arguments),
                "pickall": self._pick_all,
            },
        )
        self._table.element.classes("cx-jobs")

    @property
    def element(self) -> ui.element:
        """Return the element, for its visibility and its life."""
        return self._table.element

    @property
    def rows(self) -> list[Row]:
        """Return the rows as the browser has them."""
        return self._table.rows

    def show(self, rows: Sequence[Row], *, sort: str) -> None:
        """Show these rows, in this order, under heads that tell the order `sort`."""
        self._table.show([self._marked(row) for row in rows], sort=sort)
        self._show_all()

    def patch(self, rows: Sequence[Row]) -> None:
        """Bring rows that are shown up to date, sending only what changed."""
        self._table.patch([self._marked(row) for row in rows])

    def let_go(self) -> None:
        """Let all picked rows go."""
        self.picked.clear()
        self.patch(self.rows)
        self._show_all()

    def _show_all(self) -> None:
        """Show in the head whether all rows, some or none are picked."""
        number = sum(row["picked"] for row in self.rows)
        state = "none" if not number else "all" if number == len(self.rows) else "some"
        self._table.mark("pick", state)

    def _marked(self, row: Row) -> Row:
        return {**row, "picked": row["id"] in self.picked}

    def _pick(self, job_id: str, is_picked: bool) -> Any:
        (self.picked.add if is_picked else self.picked.discard)(job_id)
        self.patch([row for row in self.rows if row["id"] == job_id])
        self._show_all()
        return self._on_pick()

    def _pick_all(self, is_picked: bool) -> Any:
        shown = {row["id"] for row in self.rows}
        self.picked = self.picked | shown if is_picked else self.picked - shown
        self.patch(self.rows)
        self._show_all()
        return self._on_pick()
