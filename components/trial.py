"""Trying out the action of a form: the button, the verdict, and the exchange in full."""

from collections.abc import Callable, Mapping
from typing import Any

from nicegui import ui

from components.exchange import Exchange
from components.markup import box, button, icon, icon_button, notice, text
from components.words import milliseconds, size

Fields = Mapping[str, Any]


class Trial:
    """A card with a button; `on_try` is called when it is pressed."""

    def __init__(self, *, on_try: Callable[[], Any]) -> None:
        with box("cx-card cx-preview", tag="section") as card:
            card.props["aria-label"] = "Test run"
            with box("cx-line"):
                with box("cx-tile-icon cx-tint-warn"):
                    icon("flask-conical")
                with box("cx-stack cx-grow"):
                    text("Test run", "cx-h2", tag="h2")
                    text(
                        "Once, now, with what the form says; nothing is saved.", "cx-small cx-muted"
                    )
            self._button = button("Send test request", on_try, icon_name="send").mark("try")
            self._button.classes("cx-button-wide")
            self._place = box("cx-stack").style("gap:10px")
            self._place.props["aria-live"] = "polite"

    def show_busy(self) -> None:
        """Say that the answer is being waited for."""
        self._button.props.set_bool("disabled", True)
        self._place.clear()
        with self._place, box("cx-line cx-small cx-muted"):
            icon("loader", "cx-turning")
            text("Waiting for the answer …")

    def show_problem(self, words: str) -> None:
        """Say why nothing was tried."""
        self._ready()
        with self._place:
            notice(words)

    def show(self, attempt: Fields) -> None:
        """Show what came of it, and open the exchange."""
        self._ready()
        with self._place:
            _verdict(attempt)
            button("Show the exchange", lambda: _open(attempt), "cx-button-quiet").mark("exchange")
        _open(attempt)

    def _ready(self) -> None:
        self._button.props.set_bool("disabled", False)
        self._place.clear()


def _verdict(attempt: Fields) -> None:
    ok, response = attempt["status"] == "SUCCESS", attempt["response"]
    with box(f"cx-notice {'cx-tint-good' if ok else 'cx-tint-bad'}"):
        icon("circle-check" if ok else "circle-x")
        with box("cx-stack cx-grow"):
            text(_headline(attempt), "cx-strong").style("overflow-wrap:anywhere").mark("verdict")
            parts = [milliseconds(attempt["duration_ms"])]
            parts += [size(response["size_bytes"])] if response else []
            text(" · ".join(parts), "cx-small cx-figure")


def _headline(attempt: Fields) -> str:
    if attempt["error"]:
        return str(attempt["error"]["message"])
    if attempt["response"]:
        return f"Answered with status {attempt['response']['status']}"
    return "The message was logged."


def _open(attempt: Fields) -> None:
    dialog = ui.dialog().props("position=right full-height")
    dialog.props["aria-label"] = "Test run"
    dialog.on("hide", dialog.delete, args=[])
    with dialog, box("cx-log cx-trial"):
        with box("cx-log-head"):
            text("Test run", "cx-h2 cx-grow", tag="h2")
            icon_button("Close", "x", dialog.close).mark("close-trial")
        place = box("cx-run-detail")

    def draw(tab: str) -> None:
        place.clear()
        with place:
            _verdict(attempt)
            Exchange(attempt, tab, on_tab=draw)

    draw("error" if attempt["error"] else "response")
    dialog.open()
