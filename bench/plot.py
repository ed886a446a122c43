"""Small multiples as plain SVG: one panel a series, each from zero."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

Series = Mapping[str, Sequence[tuple[float, float]]]
COLUMNS, WIDTH, HEIGHT, MARGIN = 4, 230, 110, 26


def write_plot(file: Path, series: Series, *, warm_up: float, marks: Sequence[float]) -> None:
    """Draw every series over minutes; the warm-up is shaded, `marks` (seconds) are thin lines."""
    end = max((points[-1][0] for points in series.values() if points), default=1.0) or 1.0
    rows = -(-len(series) // COLUMNS)
    width, height = COLUMNS * WIDTH, rows * HEIGHT
    panels = [
        _panel(name, points, number=number, end=end, warm_up=warm_up, marks=marks)
        for number, (name, points) in enumerate(series.items())
    ]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
    style = 'font-family="sans-serif" font-size="10"><rect width="100%" height="100%" fill="#fff"/>'
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join([head + style, *panels, "</svg>", ""]))


def _panel(
    name: str,
    points: Sequence[tuple[float, float]],
    *,
    number: int,
    end: float,
    warm_up: float,
    marks: Sequence[float],
) -> str:
    left, top = number % COLUMNS * WIDTH + 8, number // COLUMNS * HEIGHT + 16
    across, down = WIDTH - MARGIN, HEIGHT - MARGIN
    highest = max((value for _, value in points), default=0.0) or 1.0

    def at(seconds: float) -> str:
        return f"{left + across * seconds / end:.1f}"

    line = " ".join(f"{at(x)},{top + down * (1 - y / highest):.1f}" for x, y in points)
    ticks = "".join(
        f'<line x1="{at(mark)}" x2="{at(mark)}" y1="{top}" y2="{top + down}" stroke="#ecc"/>'
        for mark in marks
    )
    return (
        f'<rect x="{left}" y="{top}" width="{across}" height="{down}" fill="#fafafa"/>'
        f'<rect x="{left}" y="{top}" width="{across * min(1.0, warm_up / end):.1f}" '
        f'height="{down}" fill="#eee"/>{ticks}'
        f'<polyline points="{line}" fill="none" stroke="#2563eb"/>'
        f'<text x="{left}" y="{top - 4}">{escape(name)} (0 to {highest:.4g})</text>'
    )
