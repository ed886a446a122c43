"""A run on its own time axis: how late it began, its attempts, the waits between them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.markup import box, text
from components.words import iso_ms, milliseconds, seconds

Fields = Mapping[str, Any]
# Narrower than this nobody sees a bar, however short the attempt.
_NARROWEST = 0.8
_TONES = {"SUCCESS": "good", "FAILED": "bad", "LOST": "bad", "RUNNING": "info"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A piece of the axis, from 0 to 100; `tone` colours it, `words` tell what it is."""

    left: float
    width: float
    tone: str
    words: str


def bars_of(run: Fields, *, now_ms: int) -> tuple[list[Bar], float]:
    """Return the bars of a run, and the length of their axis in ms; no bars without attempts."""
    fire = iso_ms(run["fire_time"]) or 0
    spans = [_span(attempt, now_ms) for attempt in run["attempts"]]
    ends = [end for _, end, _, _ in spans] + [iso_ms(run["next_attempt_at"]) or 0]
    length = max(max(ends) - fire, 1)
    if not spans:
        return [], length
    late = spans[0][0] - fire
    bars = [_bar(fire, spans[0][0], fire, length, "late", f"Late by {milliseconds(max(late, 0))}")]
    for number, (start, end, tone, took) in enumerate(spans, start=1):
        if number > 1:
            before = spans[number - 2][1]
            waited = f"Waited {seconds(max(start - before, 0) / 1000)}"
            bars.append(_bar(before, start, fire, length, "wait", waited))
        bars.append(_bar(start, end, fire, length, tone, f"Attempt {number}: {took}"))
    if following := iso_ms(run["next_attempt_at"]):
        bars.append(_bar(spans[-1][1], following, fire, length, "wait", "Waits for its retry"))
    return bars, length


def run_story(run: Fields, *, now_ms: int) -> None:
    """Draw the axis of `run`."""
    bars, length = bars_of(run, now_ms=now_ms)
    if not bars:
        return
    words = "; ".join(bar.words for bar in bars)
    with box("cx-axis-box"):
        with box("cx-axis-line") as line:
            line.props.update({"role": "img", "aria-label": words})
            for bar in bars:
                piece = box(f"cx-piece cx-piece-{bar.tone}")
                piece.props["title"] = bar.words
                piece.style(f"left:{bar.left:.2f}%;width:{bar.width:.2f}%")
        with box("cx-axis"):
            text("fire time")
            text(f"+ {milliseconds(length)}")


def _span(attempt: Fields, now_ms: int) -> tuple[int, int, str, str]:
    start = iso_ms(attempt["started_at"]) or now_ms
    end = iso_ms(attempt["finished_at"])
    took = attempt["duration_ms"]
    words = milliseconds(took) if took is not None else "under way"
    return start, end or max(now_ms, start), _TONES.get(attempt["status"], "calm"), words


def _bar(start: int, end: int, fire: int, length: float, tone: str, words: str) -> Bar:
    left = min(max((start - fire) / length * 100, 0), 100 - _NARROWEST)
    width = max((end - start) / length * 100, _NARROWEST)
    return Bar(left=left, width=min(width, 100 - left), tone=tone, words=words)
