"""Sessions in browsers: the cookie that carries the token, and the token against forgery."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from itsdangerous import Signer
from starlette.requests import HTTPConnection

from cronpp_app.services.accounts import Identity

COOKIE = "cronpp_session"
# The prefix makes browsers insist on Secure, Path=/ and no Domain (RFC 6265bis, 4.1.3.2).
SECURE_COOKIE = f"__Host-{COOKIE}"
CSRF_HEADER = "X-CSRF-Token"


def session_cookie(token: str, expires_at: datetime, *, secure: bool) -> dict[str, Any]:
    """Return the arguments of `response.set_cookie` that put `token` into a browser.

    `secure` says whether the request came by https.
    """
    return {
        "key": SECURE_COOKIE if secure else COOKIE,
        "value": token,
        "expires": expires_at,
        "path": "/",
        "secure": secure,
        "httponly": True,
        "samesite": "lax",
    }


def ended_cookies(cookies: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the arguments of `response.delete_cookie` that take a session out of `cookies`."""
    return [
        {"key": name, "path": "/", "secure": secure, "httponly": True, "samesite": "lax"}
        for name, secure in ((COOKIE, False), (SECURE_COOKIE, True))
        if name in cookies
    ]


def token_in(cookies: Mapping[str, str], *, scheme: str) -> str | None:
    """Return the token of the session in `cookies`, None if there is none.

    By https only a cookie that is locked to this host counts: the other one may have been put
    there by a neighbour in our domain, with a session of its own.
    """
    if scheme in {"https", "wss"}:
        return cookies.get(SECURE_COOKIE) or None
    return cookies.get(SECURE_COOKIE) or cookies.get(COOKIE) or None


def origin_of(connection: HTTPConnection) -> str:
    """Return the network address a request comes from.

    What a header claims counts only if a trusted proxy sent it (CRONPP_TRUSTED_PROXIES).
    """
    return connection.client.host if connection.client else "unknown"


def agent_of(connection: HTTPConnection) -> str:
    """Return what the program that sends a request calls itself; it may say anything."""
    return connection.headers.get("user-agent", "")


class CsrfTokens:
    """Proofs that a request comes from a page we made for this very session."""

    def __init__(self, secret_key: str) -> None:
        self._signer = Signer(
            secret_key, salt="cronpp-csrf", key_derivation="hmac", digest_method=sha256
        )

    def issue(self, identity: Identity) -> str:
        """Return the token of this session; it lives as long as the session."""
        return self._signer.get_signature(identity.session_id.encode()).decode()

    def accepts(self, identity: Identity, token: str) -> bool:
        """Return whether `token` is this session's, in a time that does not depend on it."""
        return self._signer.verify_signature(
            identity.session_id.encode(), token.encode("utf-8", "replace")
        )
