"""A choice of one of a few, all of them in sight."""

from collections.abc import Callable, Mapping
from typing import Any

from nicegui import ui

from components.markup import box, text


class Segments:
    """Shows `options` (value: words) side by side; the picked one is `value`."""

    def __init__(
        self,
        label: str,
        options: Mapping[str, str],
        value: str,
        *,
        on_change: Callable[[str], Any],
    ) -> None:
        self.value = value
        self._on_change = on_change
        self._buttons: dict[str, ui.element] = {}
        group = box("cx-segments")
        group.props["role"], group.props["aria-label"] = "group", label
        with group:
            for option, words in options.items():
                made = text(words, "cx-segment", tag="button").mark(f"segment-{option}")
                made.props["type"] = "button"
                self._buttons[option] = made.on(
                    "click", lambda _, option=option: self._pick(option), args=[]
                )
        self._show()

    def _pick(self, option: str) -> Any:
        self.value = option
        self._show()
        return self._on_change(option)

    def _show(self) -> None:
        for option, made in self._buttons.items():
            made.props["aria-pressed"] = "true" if option == self.value else "false"


class Cards:
    """Shows `options` (value: title and explanation) as a list of which one is picked."""

    def __init__(
        self,
        label: str,
        options: Mapping[str, tuple[str, str]],
        value: str,
        *,
        on_change: Callable[[], Any],
    ) -> None:
        self.value = value
        self._on_change = on_change
        with box("cx-cards", tag="fieldset") as group:
            text(label, "cx-label", tag="legend")
            for option, (title, words) in options.items():
                self._card(f"cx-cards-{group.id}", option, title, words)

    def _card(self, group: str, option: str, title: str, words: str) -> None:
        with box("cx-card-choice", tag="label"):
            made = box(tag="input").mark(f"card-{option}")
            made.props.update({"type": "radio", "name": group, "value": option})
            if option == self.value:
                made.props["checked"] = True
            made.on("change", lambda: self._pick(option), args=[])
            with box("cx-stack", tag="span"):
                text(title, "cx-strong")
                text(words, "cx-small cx-muted")

    def _pick(self, option: str) -> None:
        self.value = option
        self._on_change()
