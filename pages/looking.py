"""Looking at something every so often, while somebody can see the page."""

from collections.abc import Awaitable, Callable

from nicegui import Client, ui


def look_every(seconds: float, client: Client, look: Callable[[], Awaitable[None]]) -> None:
    """Call `look` every so many seconds; not while the tab is hidden, nor before it is there."""
    timers: list[ui.timer] = []

    def start() -> None:
        if not timers:  # a page connects again after each loss of its socket
            with client:
                timers.append(ui.timer(seconds, look, immediate=False))

    def set_visible(visible: bool) -> None:
        for timer in timers:
            if visible:
                timer.activate()
            else:
                timer.deactivate()

    # Not by waiting for the connection: a page is sent as soon as anybody waits for that.
    client.on_connect(start)
    ui.on("cx_visible", lambda event: set_visible(bool(event.args)))
