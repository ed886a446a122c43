"""Sockets of open pages are checked.

NiceGUI's sockets prove nothing but that they know a page's id. So a socket must carry the
session that fetched its page, and its messages count only for the page whose handshake it made.
"""

import logging
from collections.abc import Callable
from typing import Any

from nicegui import Client, app, core

from cronpp_app.services.accounts import Identity
from pages.sessions import identity_of

log = logging.getLogger("cronpp.pages")

_MESSAGES = ("event", "javascript_response", "ack", "log")
_MARK = "_cronpp_guarded"


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
