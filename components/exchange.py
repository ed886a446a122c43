"""What one attempt sent and got back, as text."""

from collections.abc import Callable, Mapping
from typing import Any

from nicegui import ui

from components.bodies import pretty
from components.curl_text import curl_text
from components.explanations import explain
from components.markup import box, icon, text
from components.words import size

Fields = Mapping[str, Any]
Draw = Callable[[], None]

_TABS = (("response", "Response"), ("request", "Request"), ("error", "Error"))
COMPARE = "compare"


class Exchange:
    """Shows one attempt in tabs; which tab is open stays from one attempt to the next.

    `compare` draws the attempt beside a good one; without it there is no such tab.
    """

    def __init__(
        self,
        attempt: Fields,
        tab: str,
        *,
        on_tab: Callable[[str], Any],
        compare: Draw | None = None,
    ) -> None:
        tabs = [(name, words) for name, words in _TABS if attempt.get(name)]
        tabs += [(COMPARE, "Compare")] if compare and tabs else []
        names = [name for name, _ in tabs]
        tab = tab if tab in names else next(iter(names), "")
        with box("cx-card cx-exchange", tag="section") as card:
            card.props["aria-label"] = f"Attempt {attempt['number']}"
            if not tab:
                text("Nothing was sent or received yet.", "cx-small cx-muted", tag="p")
                return
            with box("cx-tabs") as row:
                row.props["role"] = "tablist"
                for name, words in tabs:
                    _tab(name, words, is_open=name == tab, on_tab=on_tab)
            with box("cx-stack").style("gap:12px") as panel:
                panel.props["role"] = "tabpanel"
                panel.props["aria-label"] = dict(tabs)[tab]
                if tab == COMPARE and compare:
                    compare()
                else:
                    _PANELS[tab](attempt)


def _tab(name: str, words: str, *, is_open: bool, on_tab: Callable[[str], Any]) -> None:
    made = text(words, "cx-tab", tag="button").mark(f"tab-{name}")
    made.props.update({"type": "button", "role": "tab"})
    made.props["aria-selected"] = "true" if is_open else "false"
    made.on("click", lambda: on_tab(name), args=[])


def _response(attempt: Fields) -> None:
    response = attempt["response"]
    with box("cx-line cx-wrap"):
        text(str(response["status"]), "cx-chip").mark("response-status")
        text(size(response["size_bytes"]), "cx-small cx-muted")
        if response["body_truncated"]:
            text("only the beginning was kept", "cx-small cx-warn")
        box("cx-grow")
        if response["body"]:
            copy_button("Copy body", response["body"])
    _headers(response["headers"])
    _body(response["body"])


def _request(attempt: Fields) -> None:
    request = attempt["request"]
    with box("cx-line cx-wrap"):
        text(request["method"], "cx-chip")
        text(request["url"], "cx-mono cx-grow").style("overflow-wrap:anywhere")
        copy_button("Copy as curl", curl_text(request)).mark("copy-curl")
    _headers(request["headers"])
    _body(request["body"])


def _error(attempt: Fields) -> None:
    error, explanation = attempt["error"], explain(attempt)
    with box("cx-notice cx-tint-bad"):
        icon("circle-alert")
        text(error["message"], "cx-strong").style("overflow-wrap:anywhere").mark("error-message")
    with box("cx-advice-pair", tag="dl"):
        text("What it means", tag="dt")
        text(explanation.means, tag="dd")
        text("What to try", tag="dt")
        text(explanation.try_this, tag="dd")
    if error["traceback"]:
        text("Stack trace", "cx-label", tag="h3").style("margin:4px 0 0")
        _pre(error["traceback"])


_PANELS = {"response": _response, "request": _request, "error": _error}


def copy_button(words: str, copied: str) -> ui.element:
    """Return a button that puts `copied` into the clipboard."""
    made = box("cx-button cx-button-quiet cx-button-small", tag="button")
    # As a property, never as script: the text is somebody else's.
    made.props.update({"type": "button", "data-cx-copy": copied})
    with made:
        icon("copy")
        text(words)
    return made


def _headers(headers: Mapping[str, str]) -> None:
    if not headers:
        return
    with box("cx-fold", tag="details"):
        with box(tag="summary"):
            icon("chevron-right")
            text(f"Headers ({len(headers)})")
        with box("cx-pairs cx-mono", tag="dl"):
            for name, value in headers.items():
                text(name, tag="dt")
                text(value, tag="dd")


def _body(body: str | None) -> None:
    if not body:
        text("No body.", "cx-small cx-muted")
        return
    _pre(pretty(body))


def _pre(words: str) -> ui.element:
    # Text, never markup: whatever a target sends, it is only read here.
    made = text(words, "cx-pre", tag="pre")
    made.props["tabindex"] = "0"
    return made
