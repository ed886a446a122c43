"""Runs of the last day by hour, as bars."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from nicegui import ui

from components.markup import box, text
from components.words import counted
from cronpp_app.domain.zones import load_zone

_HEIGHT, _STEP, _WIDTH = 150, 30, 23
_GAP = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class HourBar:
    """The runs that finished in the hour from `start`."""

    start: datetime
    succeeded: int
    failed: int


class RunsChart:
    """Shows bars, and other bars later; hours are told on the clock of `timezone`."""

    def __init__(self, bars: Sequence[HourBar], *, timezone: str) -> None:
        self._zone = load_zone(timezone)
        with box("cx-card cx-chart-card", tag="section"):
            with box("cx-card-head"):
                text("Runs", "cx-h2", tag="h2")
                text("last 24 hours, by hour", "cx-small cx-muted")
                with box("cx-legend"):
                    for words, classes in (("succeeded", ""), ("failed", "cx-legend-bad")):
                        with box(classes, tag="span"):
                            box(tag="i")
                            text(words)
            self._drawing = ui.html("", sanitize=False)
            with box("cx-axis"):
                for words in ("24 h ago", "18 h", "12 h", "6 h", "now"):
                    text(words)
        self.show(bars)

    def show(self, bars: Sequence[HourBar]) -> None:
        """Show other bars."""
        # Numbers and clock times only: nothing that a person wrote goes into this markup.
        self._drawing.set_content(self._svg(bars))

    def _svg(self, bars: Sequence[HourBar]) -> str:
        highest = max((bar.succeeded + bar.failed for bar in bars), default=0) or 1
        total = sum(bar.succeeded + bar.failed for bar in bars)
        failed = sum(bar.failed for bar in bars)
        label = f"{counted(total, 'run')} in the last 24 hours, {failed:,} failed"
        grid = "".join(
            f'<line class="cx-grid" x1="0" x2="{len(bars) * _STEP}" y1="{y}" y2="{y}"/>'
            for y in (0.5, _HEIGHT / 2, _HEIGHT - 0.5)
        )
        drawn = "".join(self._bar(n, bar, highest) for n, bar in enumerate(bars))
        return (
            f'<svg class="cx-chart" viewBox="0 0 {len(bars) * _STEP} {_HEIGHT}" role="img"'
            f' preserveAspectRatio="none" aria-label="{label}">{grid}{drawn}</svg>'
        )

    def _bar(self, number: int, bar: HourBar, highest: int) -> str:
        x = number * _STEP + (_STEP - _WIDTH) / 2
        scale = (_HEIGHT - 8) / highest
        good, bad = bar.succeeded * scale, bar.failed * scale
        good, bad = (max(part, 3) if part else 0 for part in (good, bad))
        hour = bar.start.astimezone(self._zone)
        title = f"{hour:%H:%M}: {bar.succeeded:,} succeeded, {bar.failed:,} failed"
        parts = f"<title>{title}</title>"
        if not good and not bad:
            parts += _rect(x, _HEIGHT - 3, 3, "none")
        if good:
            parts += _rect(x, _HEIGHT - good, good, "good")
        if bad:
            top = _HEIGHT - good - bad - (_GAP if good else 0)
            parts += _rect(x, max(top, 0), bad, "bad")
        return f"<g>{parts}</g>"


def _rect(x: float, y: float, height: float, kind: str) -> str:
    return (
        f'<rect class="cx-bar-{kind}" x="{x:.1f}" y="{y:.1f}" width="{_WIDTH}"'
        f' height="{height:.1f}" rx="2.5"/>'
    )
