"""Which headers a job may send."""

import re
from collections.abc import Mapping

from cronpp_app.services.texts import text_problem

MOST, LONGEST_VALUE, LONGEST_IN_ALL = 50, 8_192, 16_384
# A token of RFC 9110, 5.6.2, without $: keys that look like operators stay out of the database.
_NAME = re.compile(r"[!#%&'*+\-.^_`|~0-9A-Za-z]{1,256}")
# Set by us with every attempt, or steering the connection (RFC 9110, 7.6.1).
_OURS = frozenset({"host", "user-agent", "idempotency-key", "content-length"})
_CONNECTION = frozenset(
    [
        "connection",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "expect",
        "http2-settings",
    ]
)
_OUR_PREFIXES = ("webhook-", "x-cronpp-")


def check_header_name(name: str) -> str:
    """Return `name`; raise ValueError saying why a job may not send such a header."""
    if not _NAME.fullmatch(name):
        raise ValueError("Is not a header name; use letters, digits and hyphens.")
    plain = name.casefold()
    if plain in _OURS or plain.startswith(_OUR_PREFIXES):
        raise ValueError("Is set by Cron++ itself; leave it out.")
    if plain in _CONNECTION:
        raise ValueError("Controls the connection and cannot be set by jobs; leave it out.")
    return name


def check_header_value(value: str) -> str:
    """Return `value`; raise ValueError if it cannot be sent as a header (RFC 9110, 5.5)."""
    if len(value) > LONGEST_VALUE:
        raise ValueError(f"Must be at most {LONGEST_VALUE:,} characters, not {len(value):,}.")
    if problem := text_problem(value):
        raise ValueError(problem)
    if not value.isascii():
        raise ValueError("Must be plain ASCII; encode other characters, for example in Base64.")
    if value != value.strip():
        raise ValueError("Must not begin or end with a space.")
    return value


def check_header_count(headers: object) -> object:
    """Return `headers`; raise ValueError if they are too many, before any is looked at."""
    if isinstance(headers, Mapping) and len(headers) > MOST:
        raise ValueError(f"Must be at most {MOST} headers, not {len(headers)}.")
    return headers


def check_headers(headers: dict[str, str]) -> dict[str, str]:
    """Return `headers`; raise ValueError if they are too long in all, or given twice."""
    size = sum(len(name) + len(value) for name, value in headers.items())
    if size > LONGEST_IN_ALL:
        raise ValueError(f"Must be at most {LONGEST_IN_ALL:,} characters in all, not {size:,}.")
    seen: set[str] = set()
    for name in headers:
        if name.casefold() in seen:
            raise ValueError(f"The header {name} is given twice; case does not tell them apart.")
        seen.add(name.casefold())
    return headers
