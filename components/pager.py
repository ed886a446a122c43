"""Below a table: the way through the pages of its list."""

from collections.abc import Callable
from typing import Any

from components.markup import box, icon_button, text


class Pager:
    """Shows which part of the list is seen, and leads to the next and the one before."""

    def __init__(self, *, on_before: Callable[..., Any], on_next: Callable[..., Any]) -> None:
        with box("cx-table-foot"):
            self._words = text("", "cx-figure cx-grow").mark("shown")
            self._before = icon_button("Previous page", "chevron-left", on_before).mark("before")
            self._next = icon_button("Next page", "chevron-right", on_next).mark("next")

    def show(self, words: str, *, has_before: bool, has_next: bool) -> None:
        """Show the part of the list in `words`."""
        self._words.set_text(words)
        for made, possible in ((self._before, has_before), (self._next, has_next)):
            made.props.set_bool("disabled", not possible)
