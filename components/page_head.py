"""The top of a page: its name, a few words, and what can be done there."""

from collections.abc import Iterator
from contextlib import contextmanager

from nicegui import ui

from components.markup import box, icon, text


@contextmanager
def page_head(title: str, words: str = "", *, live: bool = True) -> Iterator[None]:
    """Draw the head; what is made within stands at its right end."""
    with box("cx-page-head"):
        with box("cx-grow"):
            text(title, "cx-h1", tag="h1")
            if words:
                text(words, "cx-muted", tag="p")
        if live:
            text("Live", "cx-live cx-only-wide")
        yield


def new_job_link() -> ui.element:
    """Return the way to a new job; its key is n."""
    new = box("cx-button cx-button-primary", tag="a")
    new.props.update({"href": "/jobs/new", "data-cx-key": "n"})
    with new:
        icon("plus")
        text("New job")
    return new
