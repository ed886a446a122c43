"""The top of a job's page: its name, how it stands, what can be done with it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from nicegui import ui

from components.badges import status_badge
from components.empty import empty_state
from components.markup import box, button, icon, link, text


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadValues:
    """What the head tells; `failures` are in a row."""

    job_id: str
    name: str
    status: str
    enabled: bool
    failures: int
    error: str


class JobHead:
    """Shows the head; `on_act` gets a verb (run, pause, resume, logs, versions, copy, delete)."""

    def __init__(self, values: HeadValues, *, on_act: Callable[[str, str], Any]) -> None:
        self._on_act = on_act
        self._place = box("cx-stack").style("gap:14px")
        self._shown: HeadValues | None = None
        self.show(values)

    def show(self, values: HeadValues) -> None:
        """Show other values; nothing is sent if they are the same."""
        if values == self._shown:
            return
        self._shown = values
        self._place.clear()
        with self._place:
            with box("cx-page-head cx-job-head"):
                back = link("", "/jobs", "cx-icon-button", icon_name="arrow-left")
                back.props.update({"aria-label": "Back to all jobs", "title": "All jobs"})
                with box("cx-line cx-grow cx-wrap"):
                    name = text(values.name, "cx-h1 cx-clip-three", tag="h1")
                    name.props["title"] = values.name
                    status_badge(values.status).mark("job-status")
                with box("cx-line cx-job-buttons"):
                    self._buttons(values)
            if values.failures and values.enabled:
                _failing(values)

    def _buttons(self, values: HeadValues) -> None:
        def act(verb: str) -> Callable[[], Any]:
            return partial(self._on_act, verb, values.job_id)

        button("Run now", act("run"), "cx-button-primary", icon_name="play").mark("run-now")
        if values.enabled:
            button("Pause", act("pause"), icon_name="pause").mark("pause")
        else:
            button("Resume", act("resume"), icon_name="circle-play").mark("resume")
        edit = link("Edit", f"/jobs/{values.job_id}/edit", "cx-button cx-button-plain")
        edit.props["data-cx-key"] = "e"
        more = box("cx-icon-button", tag="button").mark("more")
        more.props.update({"type": "button", "aria-label": "More", "aria-haspopup": "menu"})
        with more:
            icon("ellipsis-vertical")
            with (
                ui.element("q-menu").props('anchor="bottom right" self="top right" auto-close'),
                box() as menu,
            ):
                menu.props.update({"role": "menu", "aria-label": "More"})
                _item("Logs", "scroll-text", act("logs"))
                _item("Versions", "history", act("versions"))
                _item("Duplicate", "copy", act("copy"))
                _item("Delete", "trash", act("delete"), "cx-bad")


def _item(words: str, icon_name: str, on_click: Callable[[], Any], classes: str = "") -> None:
    made = box(f"cx-menu-item {classes}", tag="button").mark(f"menu-{words.lower()}")
    made.props.update({"type": "button", "role": "menuitem"})
    with made:
        icon(icon_name)
        text(words)
    made.on("click", on_click, args=[])


def _failing(values: HeadValues) -> None:
    times = "run has" if values.failures == 1 else f"{values.failures:,} runs in a row have"
    with box("cx-notice cx-tint-bad").mark("failing"):
        icon("circle-x")
        words = f"The last {times} failed" + (f": {values.error}" if values.error else ".")
        text(words, "cx-grow").style("overflow-wrap:anywhere")
        link("Look at it", f"/jobs/{values.job_id}/runs?status=FAILED", "cx-strong cx-nowrap")


def gone_job() -> ui.element:
    """Return what stands where a job was that is deleted."""
    place = box("cx-card")
    with (
        place,
        empty_state(
            "This job is deleted",
            "It no longer fires. Its runs stay in the ledger until their retention ends.",
            icon_name="trash",
        ),
    ):
        link("All jobs", "/jobs", "cx-button cx-button-plain")
    return place
