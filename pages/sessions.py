"""Open pages belong to sessions, and end with them."""

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from nicegui import Client, app, background_tasks

from cronpp_app.services.accounts import Identity
from cronpp_app.services.web_sessions import token_in

if TYPE_CHECKING:
    from cronpp_app.composition import Services

log = logging.getLogger("cronpp.pages")

_CHECKED_EVERY_SECONDS = 10.0


def identity_of(client: Client) -> Identity | None:
    """Return who fetched this client's page."""
    try:
        return getattr(client.request.state, "identity", None)
    except RuntimeError:  # made without a request
        return None


def token_of(client: Client) -> str:
    """Return the token of the session that fetched this client's page, "" if there was none."""
    request = client.request
    return token_in(request.cookies, scheme=request.url.scheme) or ""


def close_pages(belongs: Callable[[Identity], bool]) -> None:
    """Lead the open pages of sessions that `belongs` picks to the login, and forget them."""
    for client in tuple(Client.instances.values()):
        identity = identity_of(client)
        if identity is not None and belongs(identity):
            client.open("/login")
            background_tasks.create(_forget(client), name="close page")


async def _forget(client: Client) -> None:
    # The message that leads away must be sent before the page is gone.
    await asyncio.sleep(1.0)
    if not client.is_deleted:
        client.delete()


def watch_sessions(services: "Services") -> None:
    """Close the pages of sessions that end: here at once, in other web processes soon."""
    services.accounts.sessions.when_ended(close_pages)

    async def watch() -> None:
        while True:
            await asyncio.sleep(_CHECKED_EVERY_SECONDS)
            try:
                await _close_ended(services)
            except Exception:  # the database may be away for a while
                log.warning("sessions of open pages not checked", exc_info=True)

    app.on_startup(lambda: background_tasks.create(watch(), name="watch sessions"))


async def _close_ended(services: "Services") -> None:
    tokens: dict[str, str] = {}
    for client in tuple(Client.instances.values()):
        identity = identity_of(client)
        if identity is not None:
            tokens[identity.session_id] = token_of(client)
    ended = {
        session_id
        for session_id, token in tokens.items()
        if await services.accounts.identify(token) is None
    }
    if ended:
        close_pages(lambda seen: seen.session_id in ended)
