"""Runs across jobs on one time axis; how late a run began is drawn as its tail."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from nicegui import ui

from components.empty import empty_state
from components.markup import box, link, text

_WIDTH, _LANE, _BAR = 1_000.0, 34, 14
# A bar takes at least this share of the axis, however short its run.
NARROWEST = 0.0025
_TONES = {
    "SUCCESS": "good",
    "FAILED": "bad",
    "RUNNING": "info",
    "RETRYING": "warn",
    "PENDING": "calm",
    "SKIPPED": "calm",
    "MISSED": "warn",
    "CANCELLED": "calm",
}


# What the colours of runs mean, and that of a tail.
_KEYS = (
    ("succeeded", "good"),
    ("failed", "bad"),
    ("running", "info"),
    ("retrying, missed", "warn"),
    ("pending, skipped, cancelled", "calm"),
    ("late", "late"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A run on the axis; moments in ms since 1970, `words` without anything people wrote."""

    run_id: str
    status: str
    fire_ms: int
    start_ms: int
    end_ms: int
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """The runs of one job."""

    job_id: str
    name: str
    marks: Sequence[Mark]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineValues:
    """Lanes from `since_ms` to `until_ms`; `ticks` are (ms, words), `note` is what is missing."""

    since_ms: int
    until_ms: int
    lanes: Sequence[Lane]
    ticks: Sequence[tuple[int, str]]
    note: str


class Timeline:
    """Shows lanes, and other lanes later."""

    def __init__(self) -> None:
        self._shape: object = None
        self._drawn: dict[str, tuple[ui.html, Lane]] = {}
        self._place = box("cx-timeline").mark("timeline")
        with self._place:
            for _ in range(6):
                box("cx-bone").style("height:26px;margin:4px 18px")

    def show(self, values: TimelineValues) -> None:
        """Show other lanes; of lanes that stay only those are sent whose runs changed."""
        lanes = [(lane.job_id, lane.name) for lane in values.lanes]
        shape = (values.since_ms, values.until_ms, lanes, values.note)
        if shape != self._shape:
            self._shape = shape
            self._draw(values)
            return
        for lane in values.lanes:
            drawn, shown = self._drawn[lane.job_id]
            if lane != shown:
                drawn.set_content(lane_drawing(lane, values))
                self._drawn[lane.job_id] = (drawn, lane)

    def _draw(self, values: TimelineValues) -> None:
        self._drawn.clear()
        self._place.clear()
        with self._place:
            if not values.lanes:
                empty_state(
                    "Nothing ran in this time",
                    "Runs appear here as bars, one lane for each job.",
                    icon_name="chart-gantt",
                )
                return
            with box("cx-lanes"):
                box("cx-lane-head")
                _axis(values)
                for lane in values.lanes:
                    link(lane.name, f"/jobs/{lane.job_id}", "cx-lane-name cx-clip")
                    # Ids and numbers only, the ids escaped: names stand outside of this markup.
                    drawn = ui.html(lane_drawing(lane, values), sanitize=False)
                    self._drawn[lane.job_id] = (drawn.classes("cx-lane"), lane)
            if values.note:
                text(values.note, "cx-small cx-muted cx-timeline-note", tag="p")


def timeline_keys() -> None:
    """Draw what the colours mean."""
    with box("cx-legend cx-wrap").style("gap:4px 14px"):
        for words, tone in _KEYS:
            with box(tag="span"):
                box(f"cx-key-{tone}", tag="i")
                text(words)


def lane_drawing(lane: Lane, values: TimelineValues) -> str:
    """Return one lane as SVG."""
    grid = "".join(
        f'<line class="cx-grid" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{_LANE}"/>'
        for x in (_x(at, values) for at, _ in values.ticks)
    )
    marks = "".join(_drawn(lane, mark, values) for mark in lane.marks)
    return (
        f'<svg viewBox="0 0 {_WIDTH:.0f} {_LANE}" preserveAspectRatio="none" role="group"'
        f' aria-label="{len(lane.marks)} runs">{grid}{marks}</svg>'
    )


def _drawn(lane: Lane, mark: Mark, values: TimelineValues) -> str:
    fire, start, end = (_x(at, values) for at in (mark.fire_ms, mark.start_ms, mark.end_ms))
    tail = ""
    if start - fire >= 1:
        tail = (
            f'<rect class="cx-tail" x="{fire:.1f}" y="{_LANE / 2 - 1.5}"'
            f' width="{start - fire:.1f}" height="3"/>'
        )
    width = max(end - start, NARROWEST * _WIDTH)
    href = escape(f"/jobs/{lane.job_id}/runs/{mark.run_id}", quote=True)
    return (
        f'<a href="{href}" tabindex="-1">{tail}'
        f'<rect class="cx-run-mark cx-run-mark-{_TONES[mark.status]}"'
        f' x="{min(start, _WIDTH - width):.1f}" y="{(_LANE - _BAR) / 2}" width="{width:.1f}"'
        f' height="{_BAR}" rx="1.5"/><title>{escape(mark.words)}</title></a>'
    )


def _axis(values: TimelineValues) -> None:
    with box("cx-time-axis"):
        for at, words in values.ticks:
            share = _x(at, values) / _WIDTH * 100
            text(words, "cx-tiny cx-muted cx-figure").style(f"left:{share:.2f}%")


def _x(at_ms: int, values: TimelineValues) -> float:
    share = (at_ms - values.since_ms) / max(values.until_ms - values.since_ms, 1)
    return min(max(share, 0.0), 1.0) * _WIDTH
