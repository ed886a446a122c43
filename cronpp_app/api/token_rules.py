"""What a program may do with an API token, decided in one place for all routes."""

from typing import Final

from cronpp_app.errors import NotAllowed
from cronpp_app.services.accounts import Identity

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_WHO_AM_I: Final = "/api/auth/me"
# A list of what is open, not of what is shut: a route that is forgotten here is refused.
_OPEN_TO_TOKENS: Final = (
    "/api/actions",
    "/api/docs",
    "/api/export",
    "/api/import",
    "/api/jobs",
    "/api/openapi.json",
    "/api/runs",
    "/api/schedules",
    "/api/secrets",
    "/api/stats",
)


def check_token_scope(identity: Identity, *, method: str, path: str) -> None:
    """Raise NotAllowed if somebody who came with an API token may not do this with it."""
    if identity.scope is None:
        return
    if path == _WHO_AM_I and method in SAFE_METHODS:
        return
    if not any(path == base or path.startswith(f"{base}/") for base in _OPEN_TO_TOKENS):
        raise NotAllowed("An API token may not do this; sign in with your password instead.")
    if identity.scope != "write" and method not in SAFE_METHODS:
        raise NotAllowed("This API token may only read; use one with the scope write.")
