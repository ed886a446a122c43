"""How long the last runs of a job took, the newest at the right."""

from collections.abc import Sequence
from dataclasses import dataclass

from nicegui import ui

from components.markup import box, text
from components.words import milliseconds

_HEIGHT, _STEP, _WIDTH, _MOST = 118, 10, 7, 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """A finished run: how long it took, and whether it failed."""

    duration_ms: int
    failed: bool
    when: str


class DurationChart:
    """Shows at most 100 durations, the oldest first; others later."""

    def __init__(self) -> None:
        with box("cx-card cx-chart-card", tag="section"):
            with box("cx-card-head"):
                text("Duration", "cx-h2", tag="h2")
                text("last 100 runs", "cx-small cx-muted")
                self._words = text("", "cx-legend cx-figure")
            self._bone = box("cx-bone").style(f"height:{_HEIGHT}px")
            self._drawing = ui.html("", sanitize=False)
        self._drawing.set_visibility(False)
        self._shown: Sequence[Took] | None = None

    def show(self, runs: Sequence[Took]) -> None:
        """Show other durations; nothing is sent if they are the same."""
        if runs == self._shown:
            return
        self._shown = list(runs)
        durations = sorted(run.duration_ms for run in runs)
        if durations:
            median, longest = durations[len(durations) // 2], durations[-1]
            self._words.set_text(f"median {milliseconds(median)} · longest {milliseconds(longest)}")
        self._drawing.set_content(drawing(runs))
        self._bone.set_visibility(False)
        self._drawing.set_visibility(True)


def drawing(runs: Sequence[Took]) -> str:
    """Return the bars as SVG; numbers and clock times only, nothing that a person wrote."""
    longest = max((run.duration_ms for run in runs), default=0) or 1
    first = _MOST - len(runs)
    bars = []
    for number, run in enumerate(runs, start=first):
        height = max(run.duration_ms / longest * (_HEIGHT - 6), 2)
        kind = "bad" if run.failed else "good"
        outcome = "failed after" if run.failed else "took"
        bars.append(
            f'<rect class="cx-bar-{kind}" x="{number * _STEP + 1.5}" y="{_HEIGHT - height:.1f}"'
            f' width="{_WIDTH}" height="{height:.1f}" rx="2">'
            f"<title>{run.when} {outcome} {milliseconds(run.duration_ms)}</title></rect>"
        )
    label = f"Durations of the last {len(runs)} runs, the longest {milliseconds(longest)}"
    width = _MOST * _STEP
    grid = "".join(
        f'<line class="cx-grid" x1="0" x2="{width}" y1="{y}" y2="{y}"/>'
        for y in (0.5, _HEIGHT / 2, _HEIGHT - 0.5)
    )
    return (
        f'<svg class="cx-chart cx-durations" viewBox="0 0 {width} {_HEIGHT}" role="img"'
        f' preserveAspectRatio="none" aria-label="{label}">{grid}{"".join(bars)}</svg>'
    )
