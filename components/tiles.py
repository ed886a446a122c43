"""The figures at the top of the dashboard."""

from collections.abc import Mapping
from dataclasses import dataclass

from nicegui import ui

from components.markup import Text, box, icon, text
from components.words import counted, milliseconds, percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the tiles tell, as numbers; None where nothing is known yet."""

    active: int
    paused: int
    running: int
    retrying: int
    runs: int
    failed: int
    success_rate: float | None
    lateness_p50_ms: int | None
    lateness_p95_ms: int | None
    failing: int


_TILES = (
    ("active", "Active jobs", "calendar-clock", "primary", "/jobs"),
    ("flight", "In flight now", "send", "info", "/jobs?status=RUNNING"),
    ("runs", "Runs, last 24 h", "zap", "primary", "/activity"),
    ("lateness", "Lateness p95", "timer", "warn", "/timeline"),
    ("failing", "Failing jobs", "circle-check", "good", "/jobs?status=failing"),
)


class Tiles:
    """Shows figures, and other figures later."""

    def __init__(self, figures: Figures) -> None:
        self._values: dict[str, Text] = {}
        self._notes: dict[str, Text] = {}
        self._badges: dict[str, tuple[ui.element, ui.element]] = {}
        with box("cx-tiles", tag="section") as tiles:
            tiles.props["aria-label"] = "Overview"
            for name, title, icon_name, tone, href in _TILES:
                self._tile(name, title, icon_name=icon_name, tone=tone, href=href)
        self.show(figures)

    def show(self, figures: Figures) -> None:
        """Show other figures."""
        for name, (value, note) in _words(figures).items():
            self._values[name].set_text(value)
            self._notes[name].set_text(note)
        tone, icon_name = ("bad", "circle-x") if figures.failing else ("good", "circle-check")
        badge, drawn = self._badges["failing"]
        badge.classes(replace=f"cx-tile-icon cx-tint-{tone}")
        drawn.props["name"] = icon_name

    def _tile(self, name: str, title: str, *, icon_name: str, tone: str, href: str) -> None:
        tile = box("cx-card cx-tile", tag="a")
        tile.props["href"] = href
        with tile.mark(f"tile-{name}"):
            with box("cx-tile-head"):
                with box(f"cx-tile-icon cx-tint-{tone}") as badge:
                    self._badges[name] = badge, icon(icon_name)
                text(title, "cx-clip")
            self._values[name] = text("", "cx-tile-value", tag="div")
            self._notes[name] = text("", "cx-tile-note cx-clip", tag="div")


def _words(figures: Figures) -> Mapping[str, tuple[str, str]]:
    rate = figures.success_rate
    late, median = figures.lateness_p95_ms, figures.lateness_p50_ms
    return {
        "active": (
            f"{figures.active:,}",
            f"{figures.paused:,} paused" if figures.paused else "none paused",
        ),
        "flight": (
            f"{figures.running:,}",
            f"{figures.retrying:,} waiting to retry" if figures.retrying else "none retrying",
        ),
        "runs": (
            f"{figures.runs:,}",
            "none finished yet"
            if rate is None
            else f"{percent(rate)} succeeded · {figures.failed:,} failed",
        ),
        "lateness": (
            "—" if late is None else milliseconds(late),
            "no runs yet" if median is None else f"median {milliseconds(median)}",
        ),
        "failing": (
            f"{figures.failing:,}",
            f"{counted(figures.failing, 'job')} to look at" if figures.failing else "all is well",
        ),
    }
