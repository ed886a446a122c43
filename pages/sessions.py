"""Open pages belong to sessions, and end with them."""

import asyncio
import json
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import quote

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


def lead_to_login(client: Client) -> None:
    """Lead the browser to the login, and back to this page afterwards."""
    url = client.request.url
    here = f"{url.path}?{url.query}" if url.query else url.path
    login = f"/login?next={quote(here, safe='/')}"
    # What is not saved waits in the browser: the session it could be saved with is gone. One
    # message: the toolkit may send a script after the order to leave that was given later.
    client.run_javascript(f"window.cxSentAway({json.dumps(login)})")


def forget(client: Client) -> None:
    """Delete the page, whose socket may be open."""
    if client.is_deleted:
        return
    client.delete()
    # The toolkit deletes a page once its socket has gone, and fails if somebody was faster.
    setattr(client, "delete", lambda: None)  # noqa: B010 - a method, to the checker of types


def close_pages(belongs: Callable[[Identity], bool]) -> None:
    """Lead the open pages of sessions that `belongs` picks to the login, and forget them."""
    for client in tuple(Client.instances.values()):
        identity = identity_of(client)
        if identity is not None and belongs(identity):
            lead_to_login(client)
            background_tasks.create(_forget_soon(client), name="close page")


async def _forget_soon(client: Client) -> None:
    # The message that leads away must be sent before the page is gone.
    await asyncio.sleep(1.0)
    forget(client)


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
