"""Above the table of jobs: the filter by status, the tags and the search."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nicegui import ui

from components.markup import Text, box, icon, text

FILTERS = (
    ("", "All"),
    ("PENDING", "Pending"),
    ("RUNNING", "Running"),
    ("RETRYING", "Retrying"),
    ("PAUSED", "Paused"),
    ("failing", "Failing"),
    ("SUCCESS", "Success"),
    ("FAILED", "Failed"),
)
# What few jobs ever are takes no room while there are none.
_ONLY_IF_ANY = frozenset({"SUCCESS", "FAILED"})


class JobsBar:
    """Shows the filters with their numbers; tells which is picked and what is searched."""

    def __init__(
        self,
        *,
        status: str,
        words: str,
        on_status: Callable[[str], Any],
        on_search: Callable[[str], Any],
        on_tag: Callable[[str], Any],
    ) -> None:
        self._status = status
        self._segments: dict[str, ui.element] = {}
        self._counts: dict[str, Text] = {}
        with box("cx-bar"):
            group = box("cx-segments")
            group.props["role"], group.props["aria-label"] = "group", "Filter by status"
            with group:
                for value, label in FILTERS:
                    self._segment(value, label, on_status)
            box("cx-grow cx-only-wide")
            self._search = self._search_field(words, on_search)
        self._on_tag = on_tag
        self._tags: dict[str, ui.element] = {}
        self._tag_row = box("cx-chips cx-tag-row")
        self._tag_row.props.update({"role": "group", "aria-label": "Filter by tag"})
        self._tag_row.set_visibility(False)

    def pick(self, status: str) -> None:
        """Show which filter is on."""
        self._status = status
        for value, segment in self._segments.items():
            segment.props["aria-pressed"] = "true" if value == status else "false"

    def show_tags(self, tags: Sequence[str], *, picked: str) -> None:
        """Show the tags to filter by; pressing the picked one again lets it go."""
        shown = list(tags) if not picked or picked in tags else [picked, *tags]
        if shown != list(self._tags):
            self._tag_row.clear()
            with self._tag_row:
                self._tags = {tag: self._tag(tag) for tag in shown}
            self._tag_row.set_visibility(bool(shown))
        for tag, chip in self._tags.items():
            chip.props["aria-pressed"] = "true" if tag == picked else "false"

    def _tag(self, tag: str) -> ui.element:
        chip = text(tag, "cx-choice cx-choice-small", tag="button").mark(f"tag-{tag}")
        chip.props["type"] = "button"
        return chip.on("click", lambda: self._on_tag(tag), args=[])

    def clear_search(self) -> None:
        """Empty the search."""
        self._search.value = ""

    def show_counts(self, counts: Mapping[str, int]) -> None:
        """Show how many jobs each filter would find."""
        for value, segment in self._segments.items():
            number = counts.get(value, 0)
            self._counts[value].set_text(f"{number:,}" if number else "")
            is_needed = number or value == self._status or value not in _ONLY_IF_ANY
            segment.classes(
                add="" if is_needed else "cx-hidden", remove="cx-hidden" if is_needed else ""
            )

    def _segment(self, value: str, label: str, on_status: Callable[[str], Any]) -> None:
        segment = box("cx-segment", tag="button")
        segment.props["type"] = "button"
        segment.props["aria-pressed"] = "true" if value == self._status else "false"
        with segment.mark(f"filter-{value or 'all'}"):
            text(label)
            self._counts[value] = text("", tag="i")
        self._segments[value] = segment.on("click", lambda: on_status(value), args=[])

    def _search_field(self, words: str, on_search: Callable[[str], Any]) -> ui.input:
        search = ui.input(
            value=words,
            placeholder="Search name, URL or tag",
            on_change=lambda e: on_search(e.value),
        )
        search.props("outlined dense clearable debounce=120 type=search data-cx-key=/")
        search.props["aria-label"] = "Search jobs"
        search.classes("cx-search").mark("search")
        with search.add_slot("prepend"):
            icon("search")
        return search
