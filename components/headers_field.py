"""Request headers as rows of name and value, each of which may be marked as a secret."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial

from nicegui import ui

from components.form import Form, error_line
from components.markup import box, button, icon_button, link, text
from cronpp_app.domain.secrets import DOTS, is_secret_header
from cronpp_app.errors import FieldError

_PATH = "action.headers"
_FIELD = "outlined dense debounce=200 spellcheck=false autocapitalize=off hide-bottom-space"


@dataclass(slots=True, eq=False, kw_only=True)
class _Row:
    place: ui.element
    name: ui.input
    value: ui.input
    lock: ui.element
    is_marked: bool

    @property
    def typed(self) -> tuple[str, str]:
        """Return name and value as typed."""
        return str(self.name.value or "").strip(), str(self.value.value or "")

    def show(self) -> None:
        """Show whether the value is a secret; some names always are."""
        name, value = self.typed
        always = is_secret_header(name)
        secret = always or self.is_marked
        words = "Secret: stored encrypted, shown masked" if secret else "Keep this value secret"
        self.lock.props["aria-pressed"] = "true" if secret else "false"
        self.lock.props["title"] = words
        self.lock.props.set_bool("disabled", always)
        hidden = secret and not value.startswith(DOTS)
        self.value.classes(add="cx-secret" if hidden else "", remove="" if hidden else "cx-secret")


class HeadersField:
    """Shows rows; `draft` are the headers as typed, `marked` the names of secret ones."""

    def __init__(
        self, form: Form, headers: Mapping[str, str], secret_headers: Collection[str]
    ) -> None:
        self._form = form
        self._rows: list[_Row] = []
        marked = {name.casefold() for name in secret_headers}
        with box("cx-field", tag="fieldset"):
            text("Headers", "cx-label", tag="legend")
            self._place = box("cx-headers")
            for name, value in headers.items():
                self._add(name, value, is_marked=name.casefold() in marked)
            line, show = error_line()
            form.add(_PATH, show, html_id=line.html_id)
            button("Add header", self._add_blank, "cx-button-quiet", icon_name="plus")
            with box("cx-hint"):
                text("Store tokens under ")
                link("Settings", "/settings", "").props["target"] = "_blank"
                text(" and refer to them as {{secret.NAME}}, here, in the URL or in the body.")

    def draft(self) -> dict[str, str]:
        """Return the headers as typed, rows without name and value left out."""
        return {name: value for name, value in self._typed() if name or value}

    def marked(self) -> list[str]:
        """Return the names of headers marked as secret, besides those that always are."""
        names = [row.typed[0] for row in self._rows if row.is_marked]
        return [name for name in dict.fromkeys(names) if name and not is_secret_header(name)]

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
        return [row.typed for row in self._rows]

    def _add_blank(self) -> None:
        row = self._add("", "")
        ui.run_javascript(f"document.getElementById('{row.name.html_id}')?.focus()")

    def _add(self, name: str, value: str, *, is_marked: bool = False) -> _Row:
        with self._place, box("cx-header-row") as place:
            named, valued = self._input("Name", name), self._input("Value", value)
            lock = icon_button("Keep this value secret", "lock").classes("cx-lock").mark("lock")
            remove = icon_button("Remove this header", "x")
        row = _Row(place=place, name=named, value=valued, lock=lock, is_marked=is_marked)
        for made in (named, valued):
            made.on_value_change(row.show)
        lock.on("click", partial(self._mark, row), args=[])
        remove.on("click", partial(self._remove, row), args=[])
        row.show()
        self._rows.append(row)
        return row

    def _input(self, label: str, value: str) -> ui.input:
        made = ui.input(value=value, placeholder=label, on_change=self._form.changed)
        made.props(_FIELD).classes("cx-mono-input")
        made.props["aria-label"] = f"Header {label.lower()}"
        return made

    def _mark(self, row: _Row) -> None:
        row.is_marked = not row.is_marked
        row.show()
        self._form.changed()

    def _remove(self, row: _Row) -> None:
        self._rows.remove(row)
        row.place.delete()
        self._form.changed()
