"""The runs of one job, newest first, to pick from."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from components.markup import box, button, icon, text, ticking
from components.words import counted, iso_ms, milliseconds

Fields = Mapping[str, Any]
STATUS_ICONS = {
    "PENDING": ("clock", "cx-calm"),
    "RUNNING": ("circle-play", "cx-info"),
    "RETRYING": ("refresh-cw", "cx-warn"),
    "SUCCESS": ("circle-check", "cx-good"),
    "FAILED": ("circle-x", "cx-bad"),
    "LOST": ("circle-x", "cx-bad"),
    "SKIPPED": ("skip-forward", "cx-calm"),
    "MISSED": ("circle-alert", "cx-warn"),
    "CANCELLED": ("ban", "cx-calm"),
}


class RunList:
    """Shows runs (the JSON of the public interface); `on_pick` gets the id of one."""

    def __init__(self, *, on_pick: Callable[[str], Any], on_more: Callable[..., Any]) -> None:
        self._on_pick = on_pick
        self._on_more = on_more
        self._shown: object = None
        self._place = box("cx-run-list", tag="nav")
        self._place.props["aria-label"] = "Runs of this job"

    def show(self, runs: Sequence[Fields], *, picked: str | None, has_more: bool) -> None:
        """Show these runs; nothing is sent if they are the same."""
        now = (list(runs), picked, has_more)
        if now == self._shown:
            return
        self._shown = now
        self._place.clear()
        with self._place:
            for run in runs:
                self._entry(run, is_picked=run["id"] == picked)
            if has_more:
                button("Older runs", self._on_more, "cx-button-quiet cx-button-small")

    def _entry(self, run: Fields, *, is_picked: bool) -> None:
        entry = box("cx-run", tag="button").mark(f"run-{run['id']}")
        entry.props["type"] = "button"
        if is_picked:
            entry.props["aria-current"] = "true"
        entry.on("click", partial(self._on_pick, run["id"]), args=[])
        icon_name, tone = STATUS_ICONS[run["status"]]
        with entry:
            icon(icon_name, tone)
            with box("cx-stack cx-grow", tag="span"):
                ticking("at", iso_ms(run["fire_time"]), shape="second").classes("cx-strong")
                text(_words(run), "cx-tiny cx-muted cx-clip")
            if run["duration_ms"] is not None:
                text(milliseconds(run["duration_ms"]), "cx-tiny cx-muted cx-figure")
            text(run["status"].lower(), "cx-unseen")


def _words(run: Fields) -> str:
    if run["status"] in {"SKIPPED", "MISSED", "CANCELLED"}:
        return f"{run['status'].capitalize()} · {run['trigger']}"
    return f"{run['trigger'].capitalize()} · {counted(run['attempt_count'], 'attempt')}"
