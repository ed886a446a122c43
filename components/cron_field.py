"""A cron expression, as five fields and as text; each follows the other."""

from functools import partial
from typing import Any

from nicegui import ui

from components.form import Form, labelled, text_field
from components.markup import box, text
from cronpp_app.domain.cron import ALIASES

PRESETS = (
    ("Every minute", "* * * * *"),
    ("Every 5 minutes", "*/5 * * * *"),
    ("Hourly", "0 * * * *"),
    ("Daily 09:00", "0 9 * * *"),
    ("Weekdays 09:00", "0 9 * * 1-5"),
    ("Weekly, Monday", "0 9 * * 1"),
    ("Monthly, 1st", "0 9 1 * *"),
)
_NAMES = ("Second", "Minute", "Hour", "Day", "Month", "Weekday")


class CronField:
    """Shows presets, fields and text; `value` is the text."""

    def __init__(self, form: Form, path: str, value: str) -> None:
        self._form = form
        self._is_following = False
        self._presets: dict[str, ui.element] = {}
        self._draw_presets()
        self._cells: list[ui.input] = []
        self._boxes: list[ui.element] = []
        with box("cx-cron"):
            for name in _NAMES:
                self._cell(name)
        self._text = text_field(
            form,
            path,
            "Cron expression",
            value,
            hint="Five fields, six with seconds first, or a name like @daily.",
            classes="cx-mono-input",
        )
        self._text.props["spellcheck"] = "false"
        self._text.mark("cron").on_value_change(self._text_changed)
        self._follow_text()

    @property
    def value(self) -> str:
        """Return the expression as typed."""
        return str(self._text.value or "")

    def set(self, cron: str) -> None:
        """Have the expression be `cron`, as if it had been typed."""
        self._text.value = cron

    def _draw_presets(self) -> None:
        with box("cx-chips") as group:
            group.props["role"], group.props["aria-label"] = "group", "Common schedules"
            for words, cron in PRESETS:
                made = text(words, "cx-choice", tag="button")
                made.props["type"] = "button"
                self._presets[cron] = made.on("click", partial(self.set, cron), args=[])

    def _cell(self, name: str) -> None:
        with box("cx-cron-cell") as cell, labelled(name) as words:
            made = ui.input(on_change=self._cell_changed)
            made.props("outlined dense debounce=200 spellcheck=false autocapitalize=off")
            words.props["for"] = made.html_id
        self._cells.append(made.mark(f"cron-{name.lower()}"))
        self._boxes.append(cell)

    def _cell_changed(self, _: Any) -> None:
        if self._is_following:
            return
        used = self._cells if self._has_seconds else self._cells[1:]
        # A blank field would shift all others; "?" is what is refused by name.
        self._text.value = " ".join(_one_word(cell.value) for cell in used)

    def _text_changed(self, _: Any) -> None:
        self._follow_text()

    def _follow_text(self) -> None:
        normal = " ".join(self.value.split())
        parts = ALIASES.get(normal.lower(), normal).split(" ")
        self._has_seconds = len(parts) == len(_NAMES)
        shown = parts if self._has_seconds else ["", *parts]
        self._is_following = True
        for cell, part in zip(self._cells, shown, strict=False):
            if _one_word(cell.value) != part:
                cell.value = part
        self._is_following = False
        self._boxes[0].set_visibility(self._has_seconds)
        for cron, made in self._presets.items():
            made.props["aria-pressed"] = "true" if cron == normal else "false"


def _one_word(typed: str | None) -> str:
    return "".join((typed or "").split()) or "?"
