"""The question before something is done to many at once; for deletion, the number is typed."""

from collections.abc import Awaitable, Callable

from nicegui import ui

from components.markup import box, button, text


def confirm(
    title: str, words: str, *, action: str, on_yes: Callable[[], Awaitable[None]], typed: str = ""
) -> None:
    """Ask whether to go on; with `typed` only after exactly that was typed."""
    dialog = ui.dialog()
    dialog.props["aria-label"] = title

    async def go_on() -> None:
        # Closed means answered: a second click must not do it twice.
        if not dialog.value or (typed and (field.value or "").strip() != typed):
            return
        dialog.close()
        await on_yes()

    with dialog, box("cx-dialog"):
        text(title, "cx-h2", tag="h2")
        text(words, "cx-muted", tag="p")
        if typed:
            label = text(f"Type {typed} to confirm", "cx-label", tag="label")
            field = ui.input().props("outlined dense autofocus").mark("typed")
            label.props["for"] = field.html_id
        with box("cx-dialog-actions"):
            button("Cancel", dialog.close)
            yes = button(action, go_on, "cx-button-bad" if typed else "cx-button-primary")
            yes.mark("go-on")
    if typed:
        yes.props["disabled"] = True
        field.on_value_change(
            lambda event: yes.props.set_bool("disabled", (event.value or "").strip() != typed)
        )
    # Built for this one question; it must not pile up behind the page.
    dialog.on("hide", dialog.delete)
    dialog.open()
