"""A table that is brought up to date row by row: one template per row, patched in the browser."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nicegui import events, ui

Row = dict[str, Any]
Handler = Callable[[Any], Any]
# Name, label, and the field to sort by, if the reader may.
Column = tuple[str, str, str | None]


def changed_fields(old: Mapping[str, Any], new: Mapping[str, Any]) -> Row:
    """Return the id and what differs; only the id if nothing does."""
    return {"id": new["id"]} | {key: new[key] for key in new if old.get(key) != new[key]}


class LiveTable:
    """Shows rows drawn by a template; `on` maps what the template emits to handlers."""

    def __init__(
        self, columns: Sequence[Column], template: str, *, on: Mapping[str, Handler]
    ) -> None:
        self._columns = columns
        self._marks: dict[str, str] = {}
        self._sort = ""
        self._table = ui.element("cx-rows").classes("cx-table").mark("rows")
        self._table.props.update({"rows": [], "columns": [], "template": template})
        for name, handler in on.items():
            self._table.on(name, _with_arguments(handler))

    @property
    def element(self) -> ui.element:
        """Return the element, for its visibility and its life."""
        return self._table

    @property
    def rows(self) -> list[Row]:
        """Return the rows as the browser has them."""
        rows: list[Row] = self._table.props["rows"]
        return rows

    def show(self, rows: Sequence[Row], *, sort: str) -> None:
        """Show these rows, in this order, under heads that tell the order `sort`.

        Rows that stand where they are already are only patched: an open menu stays open.
        """
        if sort == self._sort and [row["id"] for row in rows] == [r["id"] for r in self.rows]:
            self.patch(rows)
            return
        self._sort = sort
        columns = [
            _column(*column, sort=sort, mark=self._marks.get(column[0], ""))
            for column in self._columns
        ]
        self._table.props.update({"rows": list(rows), "columns": columns})

    def patch(self, rows: Sequence[Row]) -> None:
        """Bring rows that are shown up to date, sending only what changed."""
        known = {row["id"]: row for row in self.rows}
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

    def mark(self, name: str, mark: str) -> None:
        """Hand the head of the column `name` a word to draw."""
        if mark == self._marks.get(name, ""):
            return
        self._marks[name] = mark
        with self._table.props.suspend_updates():
            for column in self._table.props["columns"]:
                if column["name"] == name:
                    column["mark"] = mark
        sent = f"{self._table.id}, {json.dumps(name)}, {json.dumps(mark)}"
        self._table.client.run_javascript(f"cxMark({sent})")

    def prepend(self, rows: Sequence[Row], *, most: int) -> None:
        """Put rows on top, sending only these; of more than `most` the last ones go."""
        with self._table.props.suspend_updates():
            self.rows[:0] = rows
            del self.rows[most:]
        sent = json.dumps(list(rows))
        self._table.client.run_javascript(f"cxPrepend({self._table.id}, {sent}, {most})")


def _with_arguments(handler: Handler) -> Callable[[events.GenericEventArguments], Any]:
    return lambda event: handler(event.args)


def _column(name: str, label: str, by: str | None, *, sort: str, mark: str) -> dict[str, Any]:
    column: dict[str, Any] = {"name": name, "label": label, "by": by, "mark": mark}
    if by == sort.removeprefix("-"):
        column["order"] = "descending" if sort.startswith("-") else "ascending"
    return column
