"""Request headers as rows of name and value."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from nicegui import ui

from components.form import Form, error_line
from components.markup import box, button, icon_button, text
from cronpp_app.errors import FieldError

_PATH = "action.headers"
_FIELD = "outlined dense debounce=200 spellcheck=false autocapitalize=off hide-bottom-space"


class HeadersField:
    """Shows rows; `draft` are the headers as typed."""

    def __init__(self, form: Form, headers: Mapping[str, str]) -> None:
        self._form = form
        self._rows: list[tuple[ui.input, ui.input, ui.element]] = []
        with box("cx-field", tag="fieldset"):
            text("Headers", "cx-label", tag="legend")
            self._place = box("cx-headers")
            for name, value in headers.items():
                self._add(name, value)
            _, show = error_line()
            form.add(_PATH, show)
            button("Add header", self._add_blank, "cx-button-quiet", icon_name="plus")

    def draft(self) -> dict[str, str]:
        """Return the headers as typed, rows without name and value left out."""
        return {name: value for name, value in self._typed() if name or value}

    def problems(self) -> list[FieldError]:
        """Return what a mapping of names cannot tell: a name given twice."""
        names = [name.casefold() for name, _ in self._typed() if name]
        twice = dict.fromkeys(name for name in names if names.count(name) > 1)
        return [FieldError(_PATH, f"“{name}” is given twice.") for name in twice]

    def offer(self, name: str, value: str) -> None:
        """Add a header unless there is one of that name."""
        if name.casefold() not in {given.casefold() for given, _ in self._typed()}:
            self._add(name, value)

    def _typed(self) -> list[tuple[str, str]]:
        return [
            (str(name.value or "").strip(), str(value.value or "")) for name, value, _ in self._rows
        ]

    def _add_blank(self) -> None:
        name, _, _ = self._add("", "")
        ui.run_javascript(f"document.getElementById('{name.html_id}')?.focus()")

    def _add(self, name: str, value: str) -> tuple[ui.input, ui.input, ui.element]:
        with self._place, box("cx-header-row") as row:
            made = (self._input("Name", name), self._input("Value", value), row)
            remove = icon_button("Remove this header", "x")
            remove.on("click", partial(self._remove, made), args=[])
        self._rows.append(made)
        return made

    def _input(self, label: str, value: str) -> ui.input:
        made = ui.input(value=value, placeholder=label, on_change=self._form.changed)
        made.props(_FIELD).classes("cx-mono-input")
        made.props["aria-label"] = f"Header {label.lower()}"
        return made

    def _remove(self, made: tuple[Any, ...]) -> None:
        self._rows = [row for row in self._rows if row[2] is not made[2]]
        made[2].delete()
        self._form.changed()
