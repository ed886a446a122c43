"""The load of the coming day, minute by minute, and where it crowds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nicegui import ui

from components.markup import box, icon, text
from components.words import counted

_HEIGHT, _MINUTES = 110, 1_440


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadValues:
    """Runs by minute from now (absent: none); the `crowded` ones as clock time and number.

    `hours` are the words under the axis; `note` tells what is not counted.
    """

    minutes: Mapping[int, int]
    crowded: Sequence[tuple[str, int]]
    hours: Sequence[str]
    note: str


class DayLoad:
    """Shows the load, and that of another moment later."""

    def __init__(self) -> None:
        with box("cx-card cx-chart-card", tag="section").mark("day-load"):
            with box("cx-card-head"):
                text("The coming day", "cx-h2", tag="h2")
                self._words = text("runs per minute", "cx-small cx-muted")
            self._bone = box("cx-bone").style(f"height:{_HEIGHT}px")
            self._drawing = ui.html("", sanitize=False)
            self._axis = box("cx-axis")
            self._crowded = box("cx-crowded")

    def show(self, values: LoadValues) -> None:
        """Show the load."""
        total = sum(values.minutes.values())
        self._words.set_text(f"runs per minute, {counted(total, 'run')} in 24 hours")
        self._bone.set_visibility(False)
        # Numbers only: nothing that a person wrote goes into this markup.
        self._drawing.set_content(drawing(values.minutes))
        self._axis.clear()
        with self._axis:
            for words in values.hours:
                text(words)
        self._crowded.clear()
        with self._crowded:
            _tell_crowded(values)


def drawing(minutes: Mapping[int, int]) -> str:
    """Return the minutes as SVG, one line each."""
    most = max(minutes.values(), default=0) or 1
    paths = "".join(
        f"M{minute + 0.5} {_HEIGHT}V{_HEIGHT - max(runs / most * (_HEIGHT - 4), 2):.1f}"
        for minute, runs in sorted(minutes.items())
        if minute < _MINUTES
    )
    label = f"At most {counted(most, 'run')} in one minute" if minutes else "Nothing is planned"
    return (
        f'<svg class="cx-chart cx-day-load" viewBox="0 0 {_MINUTES} {_HEIGHT}" role="img"'
        f' preserveAspectRatio="none" aria-label="{label}">'
        f'<line class="cx-grid" x1="0" x2="{_MINUTES}" y1="{_HEIGHT - 0.5}" y2="{_HEIGHT - 0.5}"/>'
        f'<path d="{paths}"/></svg>'
    )


def _tell_crowded(values: LoadValues) -> None:
    if values.crowded:
        with box("cx-line cx-wrap"):
            text("Most crowded", "cx-small cx-strong")
            for clock, runs in values.crowded:
                with box("cx-chip", tag="span"):
                    text(f"{clock} · {counted(runs, 'run')}")
    if len(values.crowded) > 1 and values.crowded[0][1] > 1:
        with box("cx-line cx-small cx-muted"):
            icon("info")
            text(
                "In the editor, a job that crowds a minute can be moved to another, or its runs "
                "spread over some seconds."
            )
    if values.note:
        text(values.note, "cx-small cx-muted", tag="p")
