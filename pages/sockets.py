"""Sockets of open pages are checked.

NiceGUI's sockets prove nothing but that they know a page's id. So a socket must carry the
session that fetched its page, and its messages count only for the page whose handshake it made.
What else it says is not heard: least of all what it would like to see in our log.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

from nicegui import Client, app, core

from cronpp_app.services.accounts import Identity
from pages.sessions import forget, identity_of

log = logging.getLogger("cronpp.pages")

_HANDSHAKE: Final = frozenset({"client_id", "tab_id", "document_id"})
_MARK = "_cronpp_guarded"


def guard_sockets() -> None:
    """Let a socket speak only for the page it was opened for, with that page's session."""
    app.on_connect(_bind)
    for name, guarded in _GUARDS.items():
        handler = core.sio.handlers["/"][name]
        if not hasattr(handler, _MARK):
            made = guarded(handler)
            setattr(made, _MARK, True)
            core.sio.on(name, made)


def _bind(client: Client) -> None:
    mine = identity_of(client)
    scope = (client.environ or {}).get("asgi.scope", {})
    theirs: Identity | None = scope.get("state", {}).get("identity")
    is_simulated = scope.get("type") == "test"
    if mine is None or is_simulated:
        return
    if theirs is None or theirs.session_id != mine.session_id:
        log.warning("socket without the session of its page", extra={"user_id": mine.user.id})
        forget(client)


def _only_own(handler: Callable[..., Any]) -> Callable[..., Any]:
    def checked(sid: str, message: object = None) -> Any:
        if not isinstance(message, dict) or message.get("client_id") not in core.sio.rooms(sid):
            return None
        try:
            return handler(sid, message)
        except (AttributeError, KeyError, TypeError, ValueError):
            return None  # no page of ours sends that; strangers must not fill the log with it

    return checked


def _only_whole(handler: Callable[..., Awaitable[bool]]) -> Callable[..., Awaitable[bool]]:
    async def checked(sid: str, message: object = None) -> bool:
        if not isinstance(message, dict) or not message.keys() >= _HANDSHAKE:
            return False
        return await handler(sid, message)

    return checked


def _never(_: Callable[..., Any]) -> Callable[..., Any]:
    def unheard(*_: object) -> None:
        """Take no notice: what a browser says of itself is not for our log."""

    return unheard


_GUARDS: Final[dict[str, Callable[[Callable[..., Any]], Callable[..., Any]]]] = {
    "event": _only_own,
    "javascript_response": _only_own,
    "ack": _only_own,
    "handshake": _only_whole,
    "log": _never,
}
