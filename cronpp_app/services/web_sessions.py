"""Sessions in browsers: the cookie that carries the token, and the token against forgery."""

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


def ended_cookie(*, secure: bool) -> dict[str, Any]:
    """Return the arguments of `response.delete_cookie` that take it out again."""
    return {
        "key": SECURE_COOKIE if secure else COOKIE,
        "path": "/",
        "secure": secure,
        "httponly": True,
        "samesite": "lax",
    }


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
