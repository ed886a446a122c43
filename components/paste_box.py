"""A place to paste a command into, from which the form fills itself."""

from collections.abc import Callable, Sequence
from typing import Any

from nicegui import events, ui

from components.form import error_line
from components.markup import box, button, icon, text

_HINT = "curl -X POST https://example.org/hook -d '{…}'   or   0 9 * * 1-5 curl https://…"


class PasteBox:
    """Hands on what is pasted or typed into it; commands pasted into other fields as well."""

    def __init__(self, *, on_text: Callable[[str], Any], on_undo: Callable[[], Any]) -> None:
        with box("cx-card cx-paste", tag="section") as card:
            card.props["aria-label"] = "Fill in from a command"
            with box("cx-line"):
                with box("cx-section-icon cx-tint-primary"):
                    icon("wand-sparkles")
                with box("cx-stack cx-grow"):
                    text("Already have it as a command?", "cx-h2", tag="h2")
                    text(
                        "Paste a curl command, a line of a crontab or a URL, and the form fills "
                        "itself in.",
                        "cx-small cx-muted",
                    )
            self._field = ui.textarea(placeholder=_HINT, on_change=self._changed)
            self._field.props("outlined dense hide-bottom-space autogrow debounce=300 rows=1")
            self._field.props("spellcheck=false autocapitalize=off input-style=max-height:160px")
            self._field.props["aria-label"] = "curl command, crontab line or URL"
            self._field.classes("cx-mono-input").mark("paste")
            _, self._show_error = error_line()
            self._found = box("cx-stack").style("gap:8px")
            self._found.props["aria-live"] = "polite"
        self._on_text, self._on_undo = on_text, on_undo

    def show_error(self, words: str) -> None:
        """Say why the text fills in nothing."""
        self._found.clear()
        self._show_error(words)

    def show_found(self, words: str, notes: Sequence[str]) -> None:
        """Say what was filled in, and what wants a look."""
        self._show_error(None)
        self._found.clear()
        with self._found:
            with box("cx-notice cx-tint-good cx-notice-middle"):
                icon("circle-check")
                text(words, "cx-grow").style("overflow-wrap:anywhere").mark("pasted")
                button("Undo", self._on_undo, "cx-button-quiet cx-button-small").mark("paste-undo")
            for note in notes:
                with box("cx-notice cx-tint-info"):
                    icon("info")
                    text(note, "cx-grow").style("overflow-wrap:anywhere")

    def forget(self) -> None:
        """Empty the place."""
        self._show_error(None)
        self._found.clear()
        self._field.value = ""

    def _changed(self, event: events.ValueChangeEventArguments[str | None]) -> Any:
        return self._on_text(event.value) if event.value and event.value.strip() else None
