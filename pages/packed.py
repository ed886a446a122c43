"""NiceGUI's own files, packed once and then sent from memory.

Packing them for each visitor would block the event loop for a tenth of a second each time.
"""

from dataclasses import dataclass

from nicegui import __version__
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Their addresses carry the version: what is kept never becomes wrong.
_PREFIX = f"/_nicegui/{__version__}/"
_LARGEST_BYTES = 2 * 1024 * 1024
_ALL_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    start: Message
    body: bytes


class PackedFiles:
    """Pure ASGI: keeps the answers to requests for versioned files, as they were sent."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._kept: dict[tuple[str, bool], _Kept] = {}
        self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from memory, or pass the request on."""
        if not _is_for_file(scope):
            await self._app(scope, receive, send)
            return
        packed = "gzip" in Headers(scope=scope).get("accept-encoding", "")
        key = (scope["path"], packed)
        kept = self._kept.get(key)
        if kept is None:
            await self._app(scope, receive, self._keeping(key, send))
            return
        await send(kept.start)
        await send({"type": "http.response.body", "body": kept.body})

    def _keeping(self, key: tuple[str, bool], send: Send) -> Send:
        start: Message = {}
        parts: list[bytes] = []

        async def sending(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
            elif message["type"] == "http.response.body":
                parts.append(message.get("body", b""))
                if not message.get("more_body"):
                    self._keep(key, start, b"".join(parts))
            await send(message)

        return sending

    def _keep(self, key: tuple[str, bool], start: Message, body: bytes) -> None:
        fits = len(body) <= _LARGEST_BYTES and self._bytes + len(body) <= _ALL_BYTES
        if start.get("status") != 200 or not fits or key in self._kept:
            return
        headers = [(name, value) for name, value in start["headers"] if name != b"content-length"]
        headers.append((b"content-length", str(len(body)).encode()))
        self._kept[key] = _Kept(start={**start, "headers": headers}, body=body)
        self._bytes += len(body)


def _is_for_file(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    # A part of a file is not the file.
    return scope["path"].startswith(_PREFIX) and "range" not in Headers(scope=scope)
