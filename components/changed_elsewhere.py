"""The notice that a job was changed elsewhere while somebody edits it."""

from collections.abc import Callable, Sequence
from typing import Any

from components.markup import box, button, icon, text


class ChangedElsewhere:
    """A place above the form, empty until there is something to tell."""

    def __init__(self) -> None:
        self._place = box()
        self._place.props["aria-live"] = "polite"

    def show(
        self,
        parts: Sequence[str],
        *,
        was_refused: bool,
        on_load: Callable[[], Any],
        on_keep: Callable[[], Any],
    ) -> None:
        """Say what was changed; offer to load that, or to keep what is typed here."""
        what = f"Its {', '.join(parts)} changed. " if parts else ""
        self._place.clear()
        with self._place, box("cx-notice cx-tint-warn cx-elsewhere"):
            icon("triangle-alert")
            with box("cx-stack cx-grow").style("gap:2px"):
                begin = "Not saved: this" if was_refused else "This"
                text(f"{begin} job was changed in another window or by the API.", "cx-strong")
                text(f"{what}You have changes of your own here.", "cx-small")
            with box("cx-line cx-wrap"):
                button("Load theirs", on_load, "cx-button-plain cx-button-small").mark(
                    "load-theirs"
                )
                button("Keep mine", on_keep, "cx-button-plain cx-button-small").mark("keep-mine")

    def show_deleted(self, *, on_keep: Callable[[], Any]) -> None:
        """Say that there is nothing to save to any more; offer to make a new job of it."""
        self._place.clear()
        with self._place, box("cx-notice cx-tint-bad cx-elsewhere") as told:
            told.props["role"] = "alert"
            icon("circle-alert")
            text("This job was deleted elsewhere.", "cx-grow cx-strong")
            button("Keep it as a new job", on_keep, "cx-button-plain cx-button-small").mark(
                "keep-as-new"
            )

    def hide(self) -> None:
        """Say nothing any more."""
        self._place.clear()
