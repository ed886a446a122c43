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
    """A secret, encrypted: the id of the key that opens it, and nonce and ciphertext.

    `names` are the stored secrets that the text refers to (`{{secret.NAME}}`).
    """

    key_id: str
    data: bytes
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Confidential:
    """What of a request must not reach another site: headers (lower case), perhaps the body."""

    headers: frozenset[str] = SECRET_HEADERS
    in_body: bool = False


# Of a request that holds no other secrets than those headers.
USUAL: Final = Confidential()


def is_secret_header(name: str) -> bool:
    """Return whether the values of this header are always secret."""
    return name.casefold() in SECRET_HEADERS


def place_of_header(job_id: str, header: str) -> str:
    """Return the place that a sealed header of a job, and of its runs, belongs to."""
    return f"jobs/{job_id}/headers/{header.casefold()}"


def mask(value: str) -> str:
    """Return four dots and the last four characters; masking a mask changes nothing."""
    return DOTS + value[-4:] if len(value) >= _SHORTEST_SHOWN else DOTS


def masked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return `headers` as they may be shown."""
    return {n: mask(value) if is_secret_header(n) else value for n, value in headers.items()}
