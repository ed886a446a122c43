"""Places with nothing in them: what they are for, and the way on."""

from nicegui import ui

from components.markup import box, icon, text


def empty_state(title: str, words: str, *, icon_name: str) -> ui.element:
    """Return an empty place; buttons made within it lead on."""
    place = box("cx-empty")
    with place:
        with box("cx-empty-icon"):
            icon(icon_name)
        text(title, "cx-h2", tag="h2")
        text(words, tag="p")
    return place


def lost_page(code: int, title: str, words: str) -> None:
    """Draw the page that says what went wrong and leads home."""
    with box("cx-lost"), box("cx-empty"):
        box("cx-mark", tag="i")
        text(str(code), "cx-lost-code")
        text(title, "cx-h1", tag="h1")
        text(words, tag="p")
        home = box("cx-button cx-button-primary", tag="a")
        home.props["href"] = "/"
        with home:
            icon("arrow-left")
            text("Back to your jobs")
