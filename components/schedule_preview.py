"""What a schedule means: in words, and when it fires next."""

from collections.abc import Sequence
from dataclasses import dataclass

from components.markup import box, icon, text, ticking


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewValues:
    """The words, the next fire times (ms since 1970) and what to know about them.

    `timezone` is the schedule's own zone, None if it has none.
    """

    description: str
    fire_times: Sequence[int]
    notes: Sequence[str]
    timezone: str | None


class SchedulePreview:
    """Shows a preview, and another one later."""

    def __init__(self, *, viewer_zone: str) -> None:
        self._viewer_zone = viewer_zone
        with box("cx-card cx-preview", tag="section"):
            with box("cx-line"):
                with box("cx-tile-icon cx-tint-primary"):
                    icon("clock")
                text("Next runs", "cx-h2 cx-grow", tag="h2")
            self._words = text("", "cx-preview-words", tag="p").mark("schedule-words")
            self._words.props["aria-live"] = "polite"
            self._list = box("cx-fires", tag="ol").mark("fire-times")
            self._notes = box("cx-stack").style("gap:8px")

    def show(self, values: PreviewValues) -> None:
        """Show what a schedule means."""
        self._words.set_text(values.description)
        self._words.classes(remove="cx-muted")
        self._list.clear()
        with self._list:
            for number, fire_ms in enumerate(values.fire_times, start=1):
                self._fire(number, fire_ms, values.timezone)
        self._notes.clear()
        with self._notes:
            for note in values.notes:
                with box("cx-notice cx-tint-warn"):
                    icon("info")
                    text(note, "cx-grow")

    def show_nothing(self) -> None:
        """Say that there is no schedule yet that means something."""
        self._words.set_text("Complete the schedule to see when it fires.")
        self._words.classes(add="cx-muted")
        self._list.clear()
        self._notes.clear()

    def _fire(self, number: int, fire_ms: int, zone: str | None) -> None:
        mine = self._viewer_zone
        with box("cx-fire", tag="li"):
            text(str(number), "cx-fire-number").props["aria-hidden"] = "true"
            with box("cx-stack cx-grow"):
                ticking("at", fire_ms, shape="dated", zone=zone or mine).classes("cx-strong")
                if zone and zone != mine:
                    with box("cx-tiny cx-muted"):
                        ticking("at", fire_ms, shape="short", zone=mine)
                        text(f" {_place(mine)}")
            ticking("until", fire_ms).classes("cx-small cx-muted")


def _place(zone: str) -> str:
    return zone.rpartition("/")[2].replace("_", " ")
