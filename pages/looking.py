"""Looking at something every so often, while somebody can see the page."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from nicegui import Client, background_tasks, ui

log = logging.getLogger("cronpp.pages")


def look_every(seconds: float, client: Client, look: Callable[[], Awaitable[None]]) -> None:
    """Call `look` every so many seconds; not while the tab is hidden, nor before it is there."""
    looking: list[asyncio.Task[None]] = []
    seen = asyncio.Event()
    seen.set()

    async def follow() -> None:
        while not client.is_deleted:
            await asyncio.sleep(seconds)
            await seen.wait()
            try:
                with client:
                    await look()
            except Exception:  # the next look may well succeed
                log.exception("look of a page failed")

    def start() -> None:
        if not looking:  # a page connects again after each loss of its socket
            looking.append(background_tasks.create(follow(), name="looks of a page"))
            client.on_delete(looking[0].cancel)

    # Not by waiting for the connection: a page is sent as soon as anybody waits for that.
    # And no timer of the toolkit: the browser would fetch its part just when the page connects.
    client.on_connect(start)
    ui.on("cx_visible", lambda event: seen.set() if event.args else seen.clear())
