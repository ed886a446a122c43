"""Headers that every answer carries for the browser's sake."""

import re

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Scope, Send

_PAGES = (
    "default-src 'self'",
    # Vue and NiceGUI set styles by script.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "frame-ancestors 'none'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
)
_FILES = "; ".join(_PAGES)
_DATA = "default-src 'none'; frame-ancestors 'none'"
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_TWO_YEARS = 63_072_000
_A_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]+")


def page_policy(nonce: str, *, host: str | None) -> str:
    """Return the Content-Security-Policy of a page whose scripts carry `nonce`.

    NiceGUI compiles its templates in the browser, hence unsafe-eval. Not every browser takes
    the page's own `host` for 'self' where sockets are concerned.
    """
    sockets = f" ws://{host} wss://{host}" if host and _A_HOST.fullmatch(host) else ""
    scripts = f"script-src 'self' 'nonce-{nonce}' 'unsafe-eval'"
    return "; ".join((*_PAGES, scripts, f"connect-src 'self'{sockets}"))


def with_security_headers(scope: Scope, send: Send) -> Send:
    """Return `send` with the security headers added to the answer to the request `scope`."""
    path: str = scope["path"]
    is_data = path.startswith("/api/") and not path.startswith("/api/docs")

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _ALWAYS.items():
                headers.setdefault(name, value)
            headers.setdefault("Content-Security-Policy", _DATA if is_data else _FILES)
            if is_data:
                headers.setdefault("Cache-Control", "no-store")
            if scope.get("scheme") == "https":
                headers.setdefault("Strict-Transport-Security", f"max-age={_TWO_YEARS}")
        await send(message)

    return sending
