"""Secrets: which header values are secret, how they are masked, and how they look when sealed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

SECRET_HEADERS: Final = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})
DOTS: Final = "••••"
# Of a shorter value the last four characters would be most of the secret.
_SHORTEST_SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A secret, encrypted: the id of the key that opens it, and nonce and ciphertext."""

    key_id: str
    data: bytes


def is_secret_header(name: str) -> bool:
    """Return whether the values of this header are always secret."""
    return name.casefold() in SECRET_HEADERS


def mask(value: str) -> str:
    """Return four dots and the last four characters; masking a mask changes nothing."""
    return DOTS + value[-4:] if len(value) >= _SHORTEST_SHOWN else DOTS


def masked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return `headers` as they may be shown."""
    return {n: mask(value) if is_secret_header(n) else value for n, value in headers.items()}
