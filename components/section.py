"""A part of a long page: a card with an icon, a title and a few words."""

from collections.abc import Iterator
from contextlib import contextmanager

from components.markup import box, icon, text


@contextmanager
def section(title: str, words: str, icon_name: str, tone: str) -> Iterator[None]:
    """Draw a section around what is made within; `tone` colours its icon."""
    with box("cx-card cx-section", tag="section"):
        with box("cx-line"):
            with box(f"cx-section-icon cx-tint-{tone}"):
                icon(icon_name)
            with box("cx-stack"):
                text(title, "cx-h2", tag="h2")
                text(words, "cx-small cx-muted")
        yield
