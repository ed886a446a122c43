"""Headers that every answer carries for the browser's sake."""

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Scope, Send

# NiceGUI compiles its templates in the browser, hence unsafe-eval and unsafe-inline.
_PAGES = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' ws: wss:",
        "frame-ancestors 'none'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    )
)
_DATA = "default-src 'none'; frame-ancestors 'none'"
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_TWO_YEARS = 63_072_000


def with_security_headers(scope: Scope, send: Send) -> Send:
    """Return `send` with the security headers added to the answer to the request `scope`."""
    path: str = scope["path"]
    is_data = path.startswith("/api/") and not path.startswith("/api/docs")

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _ALWAYS.items():
                headers.setdefault(name, value)
            headers.setdefault("Content-Security-Policy", _DATA if is_data else _PAGES)
            if is_data:
                headers.setdefault("Cache-Control", "no-store")
            if scope.get("scheme") == "https":
                headers.setdefault("Strict-Transport-Security", f"max-age={_TWO_YEARS}")
        await send(message)

    return sending
