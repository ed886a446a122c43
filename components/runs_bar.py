"""Above a table of runs: the filters, what they are set to, and what came meanwhile."""

from collections.abc import Callable, Mapping
from typing import Any

from nicegui import ui

from components.markup import box, button, icon, text
from components.words import STATUS_WORDS, counted

STATUSES = {
    "": "Any status",
    **{
        status: STATUS_WORDS[status]
        for status in (
            "SUCCESS",
            "FAILED",
            "RETRYING",
            "RUNNING",
            "PENDING",
            "SKIPPED",
            "MISSED",
            "CANCELLED",
        )
    },
}
TRIGGERS = {"": "Any trigger", "schedule": "Schedule", "manual": "Manual", "replay": "Replay"}
SPANS = {
    "": "Any time",
    "hour": "Past hour",
    "6h": "Past 6 hours",
    "day": "Past day",
    "week": "Past week",
}


class RunsBar:
    """Shows the filters; `on_filter` gets the name of one (status, trigger, span, day) and
    its value, `on_news` is called to show what came meanwhile."""

    def __init__(
        self,
        values: Mapping[str, str],
        *,
        on_filter: Callable[[str, str], Any],
        on_clear: Callable[[], Any],
        on_news: Callable[[], Any],
    ) -> None:
        self._on_filter = on_filter
        self._is_following = False
        self._selects: dict[str, ui.select] = {}
        with box("cx-bar cx-runs-bar"):
            for name, label, options in (
                ("status", "Status", STATUSES),
                ("trigger", "Trigger", TRIGGERS),
                ("span", "Time", SPANS),
            ):
                self._selects[name] = self._select(name, label, options)
            self._day = self._date()
            self._job = button("", lambda: on_filter("job", ""), "cx-choice").mark("only-job")
            with self._job:
                self._job_name = text("", "cx-clip")
                icon("x")
            self._clear = button("Clear", on_clear, "cx-button-quiet cx-button-small")
            self._clear.mark("clear-filters")
            box("cx-grow")
            self._news = text("", "cx-news", tag="button").mark("news")
            self._news.props.update({"type": "button", "aria-live": "polite"})
            self._news.on("click", on_news, args=[])
        self.show_news(0)
        self.show(values, job_name="")

    def show(self, values: Mapping[str, str], *, job_name: str) -> None:
        """Show what the filters are set to; `job_name` is the only job's, if it is one only."""
        self._is_following = True
        for name, select in self._selects.items():
            select.value = values[name]
        self._day.value = values["day"] or None
        self._is_following = False
        self._job_name.set_text(f"Only {job_name}")
        self._job.set_visibility(bool(job_name))
        self._clear.set_visibility(any(values.values()))

    def show_news(self, number: int) -> None:
        """Show that so many runs came while somebody was reading."""
        self._news.set_text(f"{number:,} new" if number < 100 else "99+ new")
        self._news.props["title"] = f"Show {counted(number, 'new run')}"
        self._news.set_visibility(number > 0)

    def _select(self, name: str, label: str, options: Mapping[str, str]) -> ui.select:
        made = ui.select(dict(options), value="", on_change=lambda e: self._changed(name, e.value))
        made.props('outlined dense options-dense popup-content-class="cx-options"')
        made.props["dropdown-icon"] = "chevron-down"
        made.props["aria-label"] = label
        return made.classes("cx-filter").mark(f"filter-{name}")

    def _date(self) -> ui.input:
        made = ui.input(on_change=lambda e: self._changed("day", e.value or ""))
        made.props("outlined dense type=date debounce=400").classes("cx-filter cx-filter-day")
        made.props["aria-label"] = "Day"
        return made.mark("filter-day")

    def _changed(self, name: str, value: str) -> Any:
        return None if self._is_following else self._on_filter(name, value)
