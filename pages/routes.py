"""How pages are registered: one form of title, one patience."""

from collections.abc import Callable
from typing import Any

from nicegui import ui

# NiceGUI answers 500 after three seconds unless told otherwise; a busy machine may need more.
_SLOWEST_SECONDS = 20.0


def page(path: str, title: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the decorator that makes a function the page at `path`."""
    return ui.page(path, title=title_of(title), response_timeout=_SLOWEST_SECONDS)


def title_of(words: str) -> str:
    """Return what the tab of a page is called."""
    return f"{words} · Cron++"
