"""Reading a target's URL: strictly, on the raw text, before any library interprets it.

Parsers disagree about odd spellings, and every disagreement is a way around the guard. What
is not plainly one host is refused here.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import Final
from urllib.parse import quote

import idna

LONGEST_URL, _LONGEST_HOST = 2_048, 253
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<where>[^/?#]*)(?P<rest>.*)")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
# What WHATWG and libc would take for an IPv4 address in decimal, octal or hexadecimal.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_UNPRINTABLE = re.compile("[\x00-\x20\x7f\ud800-\udfff]")
# All ASCII characters that stand in a URL as they are; `%` so that escapes are not escaped again.
_AS_IS: Final = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"


class InvalidUrl(ValueError):
    """The text is not a URL that can be called; the message says what to give instead."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL, taken apart.

    `host` is lower-case ASCII (Punycode, or an address without brackets), `address` is set
    when the URL names one, `path` begins with / and carries the query.
    """

    scheme: str
    host: str
    port: int
    address: IPv4Address | IPv6Address | None
    path: str

    @property
    def authority(self) -> str:
        """Return host and port as they stand in a URL and in the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> tuple[str, str, int]:
        """Return scheme, host and port: what two URLs share when they are the same site."""
        return self.scheme, self.host, self.port

    @property
    def url(self) -> str:
        """Return the URL in ASCII, without a fragment."""
        return f"{self.scheme}://{self.authority}{self.path}"


@lru_cache(maxsize=4_096)  # a job calls the same URL again and again
def read_url(text: str) -> Target:
    """Return the target that `text` names; raise InvalidUrl with a sentence if it is not plain."""
    if len(text) > LONGEST_URL:
        raise InvalidUrl(f"Must be at most {LONGEST_URL:,} characters, not {len(text):,}.")
    if _UNPRINTABLE.search(text):
        raise InvalidUrl("Must not contain spaces or control characters; write a space as %20.")
    found = _URL.fullmatch(text)
    if found is None or found["scheme"].lower() not in _DEFAULT_PORTS:
        raise InvalidUrl("Must begin with http:// or https:// and a host.")
    scheme = found["scheme"].lower()
    host, port = _split_authority(found["where"])
    address = _read_address(host)
    return Target(
        scheme=scheme,
        host=str(address) if address else read_name(host),
        port=_read_port(port) if port is not None else _DEFAULT_PORTS[scheme],
        address=address,
        path=_read_path(found["rest"]),
    )


def _split_authority(where: str) -> tuple[str, str | None]:
    """Return host (addresses still in brackets) and port text of an authority."""
    if not where:
        raise InvalidUrl("Names no host; give one, as in https://example.org/hook.")
    if "@" in where:
        raise InvalidUrl(
            "Must not carry a user name or password; send an Authorization header instead."
        )
    if "%" in where or "\\" in where:
        raise InvalidUrl("The host must be plain text, without % or backslash.")
    if where.startswith("["):
        host, bracket, port = where.partition("]")
        if not bracket or port[:1] not in {"", ":"}:
            raise InvalidUrl(
                "An IPv6 address must be in brackets, as in http://[2001:db8::1]:8080/."
            )
        return host + bracket, port[1:] if port else None
    host, colon, port = where.partition(":")
    if ":" in port:
        raise InvalidUrl("An IPv6 address must be in brackets, as in http://[2001:db8::1]:8080/.")
    return host, port if colon else None


def _read_port(text: str) -> int:
    if not _PORT.fullmatch(text) or int(text) > 65_535:
        raise InvalidUrl("The port must be a number from 1 to 65535.")
    return int(text)


def _read_address(host: str) -> IPv4Address | IPv6Address | None:
    """Return the address that `host` spells in its one canonical form, None if it is a name."""
    if host.startswith("["):
        try:
            return IPv6Address(host[1:-1])
        except ValueError as error:
            raise InvalidUrl(f"{host} is not an IPv6 address.") from error
    if not _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2].lower()):
        return None
    try:
        return IPv4Address(host)
    except ValueError as error:
        raise InvalidUrl(
            f"{host} is not an IP address in its usual form; write four numbers, as in 192.0.2.1."
        ) from error


def read_name(host: str) -> str:
    """Return a host name in lower-case ASCII (IDNA 2008), without a closing dot.

    Raises InvalidUrl for what is no name, and for letters that only look like others.
    """
    name = _to_ascii(host).removesuffix(".")
    if len(name) > _LONGEST_HOST:
        raise InvalidUrl(f"The host must be at most {_LONGEST_HOST} characters.")
    if not all(_LABEL.fullmatch(label) for label in name.split(".")):
        raise InvalidUrl(f"{host} is not a host name.")
    return name


def _to_ascii(host: str) -> str:
    if host.isascii():
        return host.lower()
    if any(_is_disguise(letter) for letter in host):
        raise InvalidUrl("The host contains characters that look like others; type it plainly.")
    try:
        return idna.encode(host.lower()).decode("ascii")
    except idna.IDNAError as error:
        raise InvalidUrl(f"{host} is not a host name.") from error


def _is_disguise(letter: str) -> bool:
    """Return whether a character turns into ASCII, or counts as a digit or dot, elsewhere."""
    if letter.isascii():
        return False
    plain = unicodedata.normalize("NFKC", letter)
    return (
        not plain.isprintable()
        or any(sign.isascii() for sign in plain + letter.lower())
        or letter.isdecimal()
        or letter in "\u3002\uff0e\uff61"  # dots to IDNA
    )


def _read_path(rest: str) -> str:
    """Return path and query as sent: escapes kept as given, other letters as UTF-8 escapes."""
    path = rest.partition("#")[0]
    return quote(path if path.startswith("/") else f"/{path}", safe=_AS_IS)
