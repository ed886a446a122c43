"""Forms: fields known by their path, each showing what is wrong with it and keeping its value."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from nicegui import background_tasks, ui
from nicegui.elements.mixins.validation_element import ValidationElement

from components.markup import Text, box, text
from cronpp_app.errors import FieldError

Field = TypeVar("Field", bound=ValidationElement[Any])
ShowError = Callable[[str | None], None]
_FIELD = "outlined dense hide-bottom-space"


class Form:
    """The fields of one form; `on_change` is called after every change of one of them."""

    def __init__(self, on_change: Callable[[], Any]) -> None:
        self._on_change = on_change
        self._client = ui.context.client
        self._fields: dict[str, tuple[ShowError, str | None]] = {}

    def add(self, path: str, show: ShowError, *, html_id: str | None = None) -> None:
        """Add a field that shows its own error; `html_id` is what to lead to."""
        self._fields[path] = (show, html_id)

    def changed(self, *_: Any) -> None:
        """Say that some field changed."""
        result = self._on_change()
        if isinstance(result, Awaitable):
            background_tasks.create(result, name="form changed", context=self._client)

    def show_errors(
        self, errors: Sequence[FieldError], *, only: str = "", focus: bool = False
    ) -> list[FieldError]:
        """Show each error at its field, take back the others; return those without a field.

        An error of "a.b.c" belongs to the field "a.b.c", else "a.b", else "a". `only` leaves
        fields alone whose path does not begin so; `focus` leads to the first wrong field.
        """
        found: dict[str, str] = {}
        homeless = []
        for error in errors:
            path = self._home(error.field)
            if path is None:
                homeless.append(error)
            else:
                found.setdefault(path, error.message)
        for path, (show, _) in tuple(self._fields.items()):
            if path.startswith(only):
                show(found.get(path))
        if focus:
            self._focus(found)
        return homeless

    def _home(self, path: str) -> str | None:
        while path:
            if path in self._fields:
                return path
            path = path.rpartition(".")[0]
        return None

    def _focus(self, found: Mapping[str, str]) -> None:
        first = next((path for path in self._fields if path in found), None)
        html_id = self._fields[first][1] if first else None
        if html_id:
            ui.run_javascript(
                f"const field = document.getElementById('{html_id}');"
                "const fold = field?.closest('details'); if (fold) fold.open = true;"
                "field?.scrollIntoView({block: 'center'}); field?.focus({preventScroll: true});"
            )


@contextmanager
def labelled(label: str, *, hint: str = "", classes: str = "") -> Iterator[Text]:
    """Draw a label above and a hint below what is made within; yield the label."""
    with box(f"cx-field {classes}"):
        words = text(label, "cx-label", tag="label")
        yield words
        if hint:
            text(hint, "cx-hint", tag="div")


def text_field(
    form: Form, path: str, label: str, value: str, *, hint: str = "", classes: str = ""
) -> ui.input:
    """Return a line of text."""
    with labelled(label, hint=hint, classes=classes) as words:
        made = ui.input(value=value, on_change=form.changed).props(f"{_FIELD} debounce=200")
        words.props["for"] = made.html_id
    return _added(form, path, made)


def lines_field(form: Form, path: str, label: str, value: str, *, hint: str = "") -> ui.textarea:
    """Return a text of several lines."""
    with labelled(label, hint=hint) as words:
        made = ui.textarea(value=value, on_change=form.changed)
        made.props(f"{_FIELD} debounce=200 autogrow input-style=max-height:40vh")
        words.props["for"] = made.html_id
    return _added(form, path, made)


def number_field(
    form: Form, path: str, label: str, value: object, *, unit: str = "", hint: str = ""
) -> ui.input:
    """Return a whole number as text; `whole` reads it."""
    made = text_field(form, path, label, str(value), hint=hint).props("inputmode=numeric")
    if unit:
        made.props["suffix"] = unit
    return made


def choice_field(
    form: Form, path: str, label: str, options: Mapping[Any, str], value: object
) -> ui.select:
    """Return a choice of one of `options` (value: words)."""
    with labelled(label) as words:
        made = ui.select(dict(options), value=value, on_change=form.changed)
        made.props(
            f'{_FIELD} options-dense dropdown-icon=chevron-down popup-content-class="cx-options"'
        )
        made.props["for"] = words.props["for"] = f"{made.html_id}-choice"
        made.props["aria-label"] = label
    return _added(form, path, made)


def whole(value: object) -> object:
    """Return typed text as a whole number where it is one, else as it is, to be refused."""
    typed = str(value if value is not None else "").strip()
    return int(typed) if typed.isascii() and typed.removeprefix("-").isdigit() else typed


def error_line() -> tuple[Text, ShowError]:
    """Return a line for an error of something that has none of its own, and what fills it."""
    line = text("", "cx-error", tag="div")
    line.props["role"] = "alert"
    line.set_visibility(False)

    def show(message: str | None) -> None:
        line.set_text(message or "")
        line.set_visibility(message is not None)

    return line, show


def _added(form: Form, path: str, made: Field) -> Field:
    def show(message: str | None) -> None:
        made.error = message

    form.add(path, show, html_id=str(made.props.get("for") or made.html_id))
    return made
