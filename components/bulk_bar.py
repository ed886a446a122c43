"""What can be done to the jobs that are picked; stands above the table while some are."""

from collections.abc import Callable
from typing import Any

from components.markup import box, button, icon_button, text
from components.words import counted

_VERBS = (
    ("run", "Run now", "play"),
    ("pause", "Pause", "pause"),
    ("resume", "Resume", "circle-play"),
    ("delete", "Delete", "trash"),
)


class BulkBar:
    """Tells how many jobs are picked; `on_do` gets "pause" and the like.

    `on_all` is called to pick all jobs that match the filter, `on_clear` to let all go.
    """

    def __init__(
        self,
        *,
        on_do: Callable[[str], Any],
        on_all: Callable[[], Any],
        on_clear: Callable[[], Any],
    ) -> None:
        self._bar = box("cx-bulk").mark("bulk")
        self._bar.props.update({"role": "region", "aria-label": "Selected jobs"})
        with self._bar:
            self._words = text("", "cx-strong cx-figure")
            self._words.props["aria-live"] = "polite"
            self._all = text("", "cx-button cx-button-quiet cx-button-small", tag="button")
            self._all.props["type"] = "button"
            self._all.mark("pick-matching").on("click", on_all, args=[])
            box("cx-grow")
            for verb, words, icon_name in _VERBS:
                made = button(
                    words,
                    lambda verb=verb: on_do(verb),
                    "cx-button-plain cx-button-small",
                    icon_name=icon_name,
                )
                made.mark(f"bulk-{verb}")
            icon_button("Clear the selection", "x", on_clear).mark("bulk-clear")
        self.show(0, matching="", can_pick_all=False)

    def show(self, number: int, *, matching: str, can_pick_all: bool) -> None:
        """Show that `number` jobs are picked; `matching` is how many match, in words."""
        self._bar.set_visibility(number > 0 or bool(matching and not can_pick_all))
        all_are = bool(matching) and not can_pick_all
        self._words.set_text(
            f"All {matching} jobs that match" if all_are else f"{counted(number, 'job')} selected"
        )
        self._all.set_visibility(can_pick_all)
        self._all.set_text(f"Select all {matching} that match")
