"""The log of a job: a panel from the right with its runs and what became of each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from components.badges import status_badge
from components.markup import Text, box, button, icon_button, link, text
from components.run_detail import RunDetail
from components.run_list import RunList


@dataclass(frozen=True, slots=True, kw_only=True)
class LogHead:
    """What the head of the panel tells of the job."""

    job_id: str
    name: str
    words: str
    status: str


class RunLogPanel:
    """The panel; `on_hide` is called once it is closed, however that came about."""

    def __init__(
        self,
        head: LogHead,
        *,
        on_pick: Callable[[str], Any],
        on_more: Callable[..., Any],
        on_do: Callable[[str, str], Any],
        on_run: Callable[..., Any],
        on_hide: Callable[..., Any],
    ) -> None:
        self._dialog = ui.dialog().props("position=right full-height").on("hide", on_hide, args=[])
        self._dialog.props["aria-label"] = f"Log of {head.name}"
        with self._dialog, box("cx-log"):
            with box("cx-log-head"):
                self._badge_place = box()
                with box("cx-stack cx-grow"):
                    self._name: Text = text(head.name, "cx-h2 cx-clip", tag="h2")
                    self._words: Text = text(head.words, "cx-small cx-muted cx-clip")
                button("Run now", on_run, icon_name="play").mark("run-now")
                link("", f"/jobs/{head.job_id}/edit", "cx-icon-button", icon_name="pencil").props[
                    "aria-label"
                ] = "Edit this job"
                icon_button("Close", "x", self._dialog.close).mark("close-log")
            with box("cx-log-body"):
                self.runs = RunList(on_pick=on_pick, on_more=on_more)
                self.detail = RunDetail(on_do=on_do)
        self.show_head(head)

    @property
    def element(self) -> ui.dialog:
        """Return the dialog, to open and to delete."""
        return self._dialog

    def show_head(self, head: LogHead) -> None:
        """Show how the job is doing by now."""
        self._name.set_text(head.name)
        self._words.set_text(head.words)
        self._badge_place.clear()
        with self._badge_place:
            status_badge(head.status)
