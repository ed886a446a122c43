"""What one attempt sent and got back, as text."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from nicegui import ui

from components.markup import box, text
from components.words import size

Fields = Mapping[str, Any]

EXPLANATIONS = {
    "dns": "The host name could not be looked up. Check its spelling and that it still exists.",
    "connect": "No connection came about. Is the service up, and is the port right?",
    "tls": "The encrypted connection failed. Is the certificate valid for this host?",
    "timeout": "No complete answer came in time. Make the target faster, or the timeout longer.",
    "status": "The target answered, with a status that does not count as success for this job.",
    "too_large": "The answer was larger than Cron++ reads.",
    "blocked": "This address may not be called from here. An administrator can allow it.",
    "protocol": "What came back was not valid HTTP.",
    "lost": "The worker stopped before it could record a result.",
    "internal": "Cron++ itself failed while making the request. The stack trace says where.",
}
_TABS = (("response", "Response"), ("request", "Request"), ("error", "Error"))


class Exchange:
    """Shows one attempt in tabs; which tab is open stays from one attempt to the next."""

    def __init__(self, attempt: Fields, tab: str, *, on_tab: Callable[[str], Any]) -> None:
        parts = {name for name, _ in _TABS if attempt.get(name)}
        tab = tab if tab in parts else next((name for name, _ in _TABS if name in parts), "")
        with box("cx-card cx-exchange", tag="section") as card:
            card.props["aria-label"] = f"Attempt {attempt['number']}"
            if not tab:
                text("Nothing was sent or received yet.", "cx-small cx-muted", tag="p")
                return
            with box("cx-tabs") as tabs:
                tabs.props["role"] = "tablist"
                for name, words in _TABS:
                    if name in parts:
                        _tab(name, words, is_open=name == tab, on_tab=on_tab)
            with box("cx-stack").style("gap:12px") as panel:
                panel.props["role"] = "tabpanel"
                _PANELS[tab](attempt[tab])


def _tab(name: str, words: str, *, is_open: bool, on_tab: Callable[[str], Any]) -> None:
    made = text(words, "cx-tab", tag="button").mark(f"tab-{name}")
    made.props.update({"type": "button", "role": "tab"})
    made.props["aria-selected"] = "true" if is_open else "false"
    made.on("click", lambda: on_tab(name), args=[])


def _response(response: Fields) -> None:
    with box("cx-line cx-wrap"):
        text(str(response["status"]), "cx-chip").mark("response-status")
        text(size(response["size_bytes"]), "cx-small cx-muted")
        if response["body_truncated"]:
            text("only the beginning was kept", "cx-small cx-warn")
    _headers(response["headers"])
    _body(response["body"])


def _request(request: Fields) -> None:
    with box("cx-line cx-wrap"):
        text(request["method"], "cx-chip")
        text(request["url"], "cx-mono").style("overflow-wrap:anywhere")
    _headers(request["headers"])
    _body(request["body"])


def _error(error: Fields) -> None:
    with box("cx-notice cx-tint-bad"), box("cx-stack").style("gap:3px"):
        text(error["message"], "cx-strong").style("overflow-wrap:anywhere").mark("error-message")
        text(EXPLANATIONS.get(error["kind"], ""), "cx-small")
    if error["traceback"]:
        text("Stack trace", "cx-label", tag="h3").style("margin:4px 0 0")
        _pre(error["traceback"])


_PANELS = {"response": _response, "request": _request, "error": _error}


def _headers(headers: Mapping[str, str]) -> None:
    if not headers:
        return
    with box("cx-fold", tag="details"):
        text(f"Headers ({len(headers)})", "cx-small cx-strong", tag="summary")
        with box("cx-pairs cx-mono", tag="dl"):
            for name, value in headers.items():
                text(name, tag="dt")
                text(value, tag="dd")


def _body(body: str | None) -> None:
    if not body:
        text("No body.", "cx-small cx-muted")
        return
    _pre(_pretty(body))


def _pre(words: str) -> ui.element:
    # Text, never markup: whatever a target sends, it is only read here.
    made = text(words, "cx-pre", tag="pre")
    made.props["tabindex"] = "0"
    return made


def _pretty(body: str) -> str:
    """Return JSON with its lines indented; anything else as it is."""
    if body[:1] not in "{[":
        return body
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return body
