"""Questions before something that cannot be taken back."""

from collections.abc import Awaitable, Callable

from nicegui import ui

from components.markup import box, button, text


def ask(title: str, words: str, *, action: str, on_yes: Callable[[], Awaitable[None]]) -> None:
    """Ask whether to go on; `action` is the verb on the button that does."""
    dialog = ui.dialog()
    dialog.props["aria-label"] = title

    async def go_on() -> None:
        dialog.close()
        await on_yes()

    with dialog, box("cx-dialog"):
        text(title, "cx-h2", tag="h2")
        text(words, "cx-muted", tag="p")
        with box("cx-dialog-actions"):
            button("Cancel", dialog.close).props("autofocus")
            button(action, go_on, "cx-button-bad").mark("go-on")
    # Built for this one question; it must not pile up behind the page.
    dialog.on("hide", dialog.delete)
    dialog.open()
