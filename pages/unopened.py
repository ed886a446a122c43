"""Pages that were fetched and never opened, as programs do it: few are kept for each of them.

A page lives in memory until its socket comes, for a minute at least: some 200 KB each. Whoever
fetches hundreds a second would fill the memory, without signing in.
"""

import asyncio
import logging
from typing import Final

from nicegui import Client, app, background_tasks

from cronpp_app.domain.throttling import network_of
from cronpp_app.services.web_sessions import origin_of
from pages.sessions import identity_of

log = logging.getLogger("cronpp.pages")

# More than anybody opens at once; a browser whose page was forgotten loads it again.
MOST_KEPT: Final = 100
_CHECKED_EVERY_SECONDS = 1.0


def watch_unopened() -> None:
    """Forget pages that nobody opens, the oldest first, once there are many of one visitor."""

    async def watch() -> None:
        while True:
            await asyncio.sleep(_CHECKED_EVERY_SECONDS)
            try:
                forget_oldest()
            except Exception:  # pages must not be kept for good because of one of them
                log.exception("unopened pages not forgotten")

    app.on_startup(lambda: background_tasks.create(watch(), name="watch unopened pages"))


def forget_oldest() -> None:
    """Keep only the newest 100 unopened pages of each account, or address of strangers."""
    unopened: dict[str, list[Client]] = {}
    for client in Client.instances.values():  # in the order of their making
        if client.environ is None and not client.has_socket_connection:
            unopened.setdefault(_visitor(client), []).append(client)
    for clients in unopened.values():
        for client in clients[:-MOST_KEPT]:
            client.delete()


def _visitor(client: Client) -> str:
    identity = identity_of(client)
    if identity is not None:
        return identity.user.id
    try:
        return f"address {network_of(origin_of(client.request))}"
    except RuntimeError:  # made without a request
        return "nobody"
