"""Two attempts side by side: what was sent and what came back, differences marked."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from components.bodies import pretty
from components.markup import box, icon, text, ticking
from components.words import iso_ms, milliseconds

Fields = Mapping[str, Any]
Row = tuple[str | None, str | None, bool]
# Comparing is quadratic at worst; who needs more lines reads them in the tabs.
_MOST_LINES = 300
_PARTS = (("response", "Response"), ("request", "Request"))
# Different in every attempt, so they tell nothing.
_ALWAYS_NEW = frozenset({"date", "webhook-id", "webhook-timestamp", "webhook-signature", "age"})
_OURS = ("x-cronpp-", "idempotency-key", "x-request-id", "cf-ray", "traceparent")


def comparison(bad: Fields, good: Fields, *, good_run: Fields) -> None:
    """Draw attempt `bad` beside `good`, the last attempt of `good_run`."""
    with box("cx-compare-heads"):
        _head("This attempt", bad)
        _head("Last good run", good, when=iso_ms(good_run["fire_time"]))
    is_first = True
    for name, title in _PARTS:
        rows = compared(lines_of(bad[name]), lines_of(good[name]))
        text(title, "cx-label", tag="h3")
        if not any(differs for _, _, differs in rows):
            with box("cx-line cx-small cx-muted"):
                icon("check")
                text("The same in both" if rows else "Nothing in either")
            continue
        with box("cx-compare"):
            for left, right, differs in rows:
                _row(left, right, differs=differs, is_first=is_first and differs)
                is_first = is_first and not differs


def lines_of(part: Fields | None) -> list[str]:
    """Return a request or a response as lines; headers that always differ are left out."""
    if part is None:
        return []
    first = str(part["status"]) if "status" in part else f"{part['method']} {part['url']}"
    headers = [
        f"{name}: {value}"
        for name, value in sorted(part["headers"].items(), key=lambda pair: pair[0].casefold())
        if name.casefold() not in _ALWAYS_NEW and not name.casefold().startswith(_OURS)
    ]
    body = pretty(part["body"]).splitlines() if part["body"] else []
    return [first, *headers, *body][:_MOST_LINES]


def compared(left: Sequence[str], right: Sequence[str]) -> list[Row]:
    """Return both texts line beside line, and whether these differ."""
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    rows: list[Row] = []
    for kind, a, b, c, d in matcher.get_opcodes():
        rows += _pairs(left[a:b], right[c:d], differs=kind != "equal")
    return rows


def _pairs(left: Sequence[str], right: Sequence[str], *, differs: bool) -> Iterator[Row]:
    for number in range(max(len(left), len(right))):
        yield (
            left[number] if number < len(left) else None,
            right[number] if number < len(right) else None,
            differs,
        )


def _head(title: str, attempt: Fields, *, when: int | None = None) -> None:
    took = attempt["duration_ms"]
    with box("cx-stack"):
        text(title, "cx-small cx-strong")
        with box("cx-line cx-small cx-muted cx-wrap").style("gap:6px"):
            ticking("at", when or iso_ms(attempt["started_at"]), shape="second")
            text(f"· {milliseconds(took)}" if took is not None else "")


def _row(left: str | None, right: str | None, *, differs: bool, is_first: bool) -> None:
    classes = "cx-compare-row" + (" cx-compare-differs" if differs else "")
    with box(f"{classes} cx-compare-first" if is_first else classes) as row:
        if is_first:
            row.mark("first-difference")
            text("First difference", "cx-compare-mark")
        text(left or "", "cx-mono" if left is not None else "cx-mono cx-compare-none")
        text(right or "", "cx-mono" if right is not None else "cx-mono cx-compare-none")
