"""Open pages belong to sessions: their sockets are checked, and they end with their session.

NiceGUI's sockets prove nothing but that they know a page's id. So a socket must carry the
session that fetched its page, and its messages count only for the page whose handshake it made.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nicegui import Client, app, background_tasks, core

from cronpp_app.services.accounts import Identity
from cronpp_app.services.web_sessions import COOKIE, SECURE_COOKIE

if TYPE_CHECKING:
    from cronpp_app.composition import Services

log = logging.getLogger("cronpp.pages")

_CHECKED_EVERY_SECONDS = 10.0
_MESSAGES = ("event", "javascript_response", "ack", "log")
_MARK = "_cronpp_guarded"


def identity_of(client: Client) -> Identity | None:
    """Return who fetched this client's page."""
    try:
        return getattr(client.request.state, "identity", None)
    except RuntimeError:  # made without a request
        return None


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


def guard_sockets() -> None:
    """Let a socket speak only for the page it was opened for, with that page's session."""
    app.on_connect(_bind)
    for name in _MESSAGES:
        handler = core.sio.handlers["/"][name]
        if not hasattr(handler, _MARK):
            core.sio.on(name, _only_own(handler))


def _bind(client: Client) -> None:
    mine = identity_of(client)
    scope = (client.environ or {}).get("asgi.scope", {})
    theirs: Identity | None = scope.get("state", {}).get("identity")
    is_simulated = scope.get("type") == "test"
    if mine is None or is_simulated:
        return
    if theirs is None or theirs.session_id != mine.session_id:
        log.warning("socket without the session of its page", extra={"user_id": mine.user.id})
        client.delete()


def _only_own(handler: Callable[..., Any]) -> Callable[..., Any]:
    def checked(sid: str, message: dict[str, Any]) -> Any:
        if message.get("client_id") in core.sio.rooms(sid):
            return handler(sid, message)
        return None

    setattr(checked, _MARK, True)
    return checked


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
            cookies = client.request.cookies
            tokens[identity.session_id] = cookies.get(SECURE_COOKIE) or cookies.get(COOKIE) or ""
    ended = {
        session_id
        for session_id, token in tokens.items()
        if await services.accounts.identify(token) is None
    }
    if ended:
        close_pages(lambda seen: seen.session_id in ended)
