"""Which keys do what."""

from collections.abc import Sequence

from nicegui import ui

from components.markup import box, icon_button, text

_EVERYWHERE = (
    ("Ctrl K", "Search and commands"),
    ("?", "This list"),
    ("N", "New job"),
    ("/", "Search the list"),
    ("Esc", "Close what is open"),
)


def shortcuts_dialog(pages: Sequence[tuple[str, str]]) -> None:
    """Open the list; `pages` are the keys after "g" and the names of the pages they lead to."""
    dialog = ui.dialog()
    dialog.props["aria-label"] = "Keyboard shortcuts"
    dialog.on("hide", dialog.delete, args=[])
    with dialog, box("cx-dialog cx-shortcuts"):
        with box("cx-line"):
            text("Keyboard shortcuts", "cx-h2 cx-grow", tag="h2")
            icon_button("Close", "x", dialog.close)
        _keys("Everywhere", _EVERYWHERE)
        _keys("Go to", [(f"G {key.upper()}", words) for key, words in pages])
    dialog.open()


def _keys(title: str, keys: Sequence[tuple[str, str]]) -> None:
    text(title, "cx-label", tag="h3")
    with box("cx-keys", tag="dl"):
        for combination, words in keys:
            with box(tag="dt"):
                for key in combination.split():
                    text(key, "cx-key")
            text(words, tag="dd")
