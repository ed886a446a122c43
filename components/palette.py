"""The command palette: a search field and choices, ruled by keys alone."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from components.markup import box, icon, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Something to go to (`href`) or to do (`script`, our own words only, never a person's).

    `other_href` is where Shift and Enter lead; `hint` is the key that does the same.
    """

    words: str
    icon: str
    detail: str = ""
    hint: str = ""
    href: str = ""
    other_href: str = ""
    script: str = ""


class Palette:
    """A dialog; `on_words` gets what is typed, and is answered with `show`."""

    def __init__(self, *, on_words: Callable[[str], Any]) -> None:
        self._words = ""
        self._dialog = ui.dialog().props("position=top no-focus")
        self._dialog.props["aria-label"] = "Search and commands"
        self._dialog.on("show", js_handler="() => cxPaletteShown()")
        with self._dialog, box("cx-palette"):
            with box("cx-palette-search"):
                icon("search")
                field = box("cx-palette-input", tag="input").mark("palette")
                field.props.update(
                    {
                        "type": "text",
                        "role": "combobox",
                        "aria-label": "Search jobs, pages and actions",
                        "aria-expanded": "true",
                        "aria-controls": "cx-palette-list",
                        "aria-autocomplete": "list",
                        "autocomplete": "off",
                        "spellcheck": "false",
                        "placeholder": "Search jobs, pages and actions",
                    }
                )
                field.on(
                    "input",
                    lambda event: on_words(str(event.args or "")),
                    js_handler="(event) => cxPaletteTyped(event, emit)",
                )
            self._list = box("cx-palette-list")
            self._list.props.update(
                {"id": "cx-palette-list", "role": "listbox", "aria-label": "Results"}
            )
            with box("cx-palette-foot"):
                for key, words in (("↑ ↓", "choose"), ("Enter", "open"), ("Esc", "close")):
                    text(key, "cx-key")
                    text(words)
                text("Shift Enter", "cx-key cx-only-wide")
                text("edit the job", "cx-only-wide")

    def open(self) -> None:
        """Open it, its field empty."""
        self._dialog.open()

    def show(self, words: str, groups: Mapping[str, Sequence[Choice]]) -> None:
        """Show what was found for `words`."""
        self._list.clear()
        with self._list:
            for title, choices in groups.items():
                if choices:
                    self._group(title, choices)
            if not any(groups.values()):
                text(f"Nothing matches “{words}”.", "cx-palette-nothing", tag="p")
        self._list.client.run_javascript(f"cxPaletteFound({json.dumps(words)})")

    def _group(self, title: str, choices: Sequence[Choice]) -> None:
        with box() as group:
            group.props["role"], group.props["aria-label"] = "group", title
            text(title, "cx-palette-title", tag="div").props["aria-hidden"] = "true"
            for choice in choices:
                _draw(choice)


def _draw(choice: Choice) -> None:
    made = box("cx-palette-choice", tag="a" if choice.href else "button")
    made.props.update({"role": "option", "tabindex": "-1", "aria-selected": "false"})
    made.props["id"] = f"cx-choice-{made.id}"
    if choice.href:
        made.props["href"] = choice.href
    else:
        made.props["type"] = "button"
        made.on("click", js_handler=f"() => {{ cxPaletteClose(); {choice.script}; }}")
    if choice.other_href:
        made.props["data-cx-other"] = choice.other_href
    with made:
        icon(choice.icon)
        text(choice.words, "cx-clip")
        text(choice.detail, "cx-small cx-muted cx-clip cx-grow")
        if choice.hint:
            text(choice.hint, "cx-key cx-only-wide")
