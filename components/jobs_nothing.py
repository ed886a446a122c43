"""What stands where no job is: the way to the first one, or out of a filter."""

from collections.abc import Callable
from typing import Any

from components.empty import empty_state
from components.markup import box, button, icon, text


class Nothing:
    """Hidden until there is nothing to show."""

    def __init__(self, *, on_clear: Callable[..., Any]) -> None:
        self._first = empty_state(
            "Create your first job",
            "Cron++ calls your URL on schedule, retries what fails and keeps every response.",
            icon_name="alarm-clock-plus",
        )
        with self._first:
            create = box("cx-button cx-button-primary", tag="a")
            create.props["href"] = "/jobs/new"
            with create:
                icon("plus")
                text("New job")
        self._filtered = empty_state(
            "No job matches", "Try another word or another filter.", icon_name="search"
        )
        with self._filtered:
            button("Show all jobs", on_clear).mark("show-all")
        self.show(is_empty=False, is_filtered=False)

    def show(self, *, is_empty: bool, is_filtered: bool) -> None:
        """Show the right words, or nothing if there are jobs."""
        self._first.set_visibility(is_empty and not is_filtered)
        self._filtered.set_visibility(is_empty and is_filtered)
