"""Only scripts that the server put into a page run in it (CSP level 3, nonces).

Markup that somebody smuggles into a page later, with handlers like `onerror`, does nothing.
"""

from secrets import token_urlsafe

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cronpp_app.api.security_headers import page_policy

_FILES = ("/_nicegui/", "/static/", "/api/docs/files/")
_SCRIPT = b"<script"


class ScriptNonces:
    """Pure ASGI: gives every script of an HTML answer the answer's nonce, and packs pages."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._packing = GZipMiddleware(self._mark)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request; sockets, files and data pass as they are."""
        path: str = scope.get("path", "")
        if scope["type"] != "http" or path.startswith(_FILES):
            await self._app(scope, receive, send)
        elif path.startswith("/api/"):
            await self._mark(scope, receive, send)
        else:
            await self._packing(scope, receive, send)

    async def _mark(self, scope: Scope, receive: Receive, send: Send) -> None:
        start: Message | None = None
        body = bytearray()

        async def sending(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _is_html(message):
                start = message
                return
            if start is None or message["type"] != "http.response.body":
                await send(message)
                return
            body.extend(message.get("body", b""))
            if not message.get("more_body", False):
                await _send_marked(scope, start, bytes(body), send)

        await self._app(_plain(scope), receive, sending)


async def _send_marked(scope: Scope, start: Message, body: bytes, send: Send) -> None:
    nonce = token_urlsafe(16)
    marked = body.replace(_SCRIPT, f'<script nonce="{nonce}"'.encode())
    headers = MutableHeaders(scope=start)
    if body:  # to a HEAD there may be none, and its length is that of what GET would bring
        headers["Content-Length"] = str(len(marked))
    headers["Content-Security-Policy"] = page_policy(nonce, host=Headers(scope=scope).get("host"))
    await send(start)
    await send({"type": "http.response.body", "body": marked})


def _is_html(message: Message) -> bool:
    return Headers(raw=message["headers"]).get("content-type", "").startswith("text/html")


def _plain(scope: Scope) -> Scope:
    """Return `scope` asking for an answer that is not packed, which could not be marked."""
    headers = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
    return {**scope, "headers": headers}
