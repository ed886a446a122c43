"""A year of one job, day by day: how often it ran, and what failed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil, log1p
from typing import Any

from nicegui import ui

from components.markup import box, text
from components.words import counted

_CELL, _GAP = 12, 3
_STEP = _CELL + _GAP
_TOP, _LEFT = 18, 30
_SHADES = 4
_DAYS = ("Mon", "", "Wed", "", "Fri", "", "")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day on which runs were due."""

    day: date
    runs: int
    failed: int


class YearMap:
    """Shows days up to `today`; `on_day` gets a date (YYYY-MM-DD) that was clicked."""

    def __init__(self, *, on_day: Callable[[str], Any]) -> None:
        with box("cx-card cx-chart-card", tag="section"):
            with box("cx-card-head"):
                text("Past year", "cx-h2", tag="h2")
                self._words = text("", "cx-small cx-muted")
                with box("cx-legend cx-only-wide"):
                    text("fewer")
                    for shade in range(1, _SHADES + 1):
                        box(f"cx-key-day cx-day-{shade}", tag="i")
                    text("more")
                    box("cx-key-day cx-day-bad", tag="i")
                    text("failures")
            with box("cx-year-scroll") as scroll:
                scroll.props.update({"tabindex": "0", "role": "region"})
                scroll.props["aria-label"] = "Runs by day"
                self._bone = box("cx-bone").style("height:123px")
                self._drawing = ui.html("", sanitize=False)
        self._drawing.on(
            "click",
            lambda event: on_day(str(event.args)) if event.args else None,
            js_handler="(e) => { const day = e.target.closest('[data-day]');"
            " if (day) emit(day.dataset.day); }",
        )
        self._drawing.set_visibility(False)

    def show(self, days: Sequence[Day], *, today: date) -> None:
        """Show other days."""
        runs, failed = sum(day.runs for day in days), sum(day.failed for day in days)
        self._words.set_text(
            f"{counted(runs, 'run')}, {failed:,} failed" if runs else "no runs yet"
        )
        # Numbers and dates only: nothing that a person wrote goes into this markup.
        self._drawing.set_content(drawing(days, today=today))
        self._bone.set_visibility(False)
        self._drawing.set_visibility(True)


def drawing(days: Sequence[Day], *, today: date) -> str:
    """Return the year up to `today` as SVG, a column for each week."""
    by_day = {day.day: day for day in days}
    most = max((day.runs for day in days), default=0)
    first = today - timedelta(weeks=52, days=today.weekday())
    cells, months = [], []
    for number in range((today - first).days + 1):
        at = first + timedelta(days=number)
        week, weekday = divmod(number, 7)
        x, y = _LEFT + week * _STEP, _TOP + weekday * _STEP
        cells.append(_cell(at, by_day.get(at), x=x, y=y, most=most))
        if weekday == 0 and at.day <= 7:
            months.append(f'<text x="{x}" y="11">{_MONTHS[at.month - 1]}</text>')
    names = [
        f'<text x="0" y="{_TOP + n * _STEP + 10}">{name}</text>' for n, name in enumerate(_DAYS)
    ]
    width, height = _LEFT + 53 * _STEP, _TOP + 7 * _STEP
    label = f"{counted(sum(day.runs for day in days), 'run')} in the past year"
    return (
        f'<svg class="cx-year" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        f' role="img" aria-label="{label}">{"".join(months + names + cells)}</svg>'
    )


def _cell(at: date, day: Day | None, *, x: int, y: int, most: int) -> str:
    title = f"{at.day} {_MONTHS[at.month - 1]} {at.year}: no runs"
    kind = "none"
    if day is not None:
        title = f"{at.day} {_MONTHS[at.month - 1]} {at.year}: {counted(day.runs, 'run')}"
        title += f", {day.failed:,} failed" if day.failed else ""
        kind = "bad" if day.failed else str(_shade(day.runs, most))
    given = f' data-day="{at.isoformat()}"' if day else ""
    return (
        f'<rect class="cx-day cx-day-{kind}"{given} x="{x}" y="{y}" width="{_CELL}"'
        f' height="{_CELL}" rx="3"><title>{title}</title></rect>'
    )


def _shade(runs: int, most: int) -> int:
    """Return 1 to 4; by the logarithm, so that one busy day does not pale all others."""
    return max(1, ceil(_SHADES * log1p(runs) / log1p(most)))
