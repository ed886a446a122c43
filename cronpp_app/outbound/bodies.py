"""Reading what comes back: the first 64 KiB as text, bounded however the target answers.

Of its headers 16 KiB are kept.
"""

import codecs
import re
import zlib
from collections.abc import Mapping
from typing import Final, Protocol

import httpx

from cronpp_app.domain.attempts import ReceivedResponse

KEPT_BYTES: Final = 65_536
KEPT_HEADER_CHARACTERS: Final = 16_384
MOST_BYTES: Final = 10 * 1024 * 1024
# Python knows many more encodings, some of which make no text or text no database takes.
_CHARSET = re.compile(
    r"""charset\s*=\s*["']?(
        utf-?8|us-ascii|utf-16(?:le|be)?|iso-8859-\d{1,2}|windows-125\d|koi8-[ru]|
        shift_jis|euc-(?:jp|kr)|iso-2022-jp|gb2312|gbk|gb18030|big5
    )["']?\s*(?:;|$)""",
    re.IGNORECASE | re.VERBOSE,
)
_MASKED_ANSWERS: Final = frozenset({"set-cookie"})


class TooLarge(Exception):
    """The answer is larger than anybody should send to a scheduler."""


class _Decoder(Protocol):
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class Reading:
    """An answer while it is read; `received` can be asked at any time, even after a failure.

    Only as much is decompressed as is kept, so that a small answer cannot fill the memory.
    """

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self._kept = bytearray()
        self._size = 0
        self._cut = False
        self._decoder = _decoder(response.headers.get("content-encoding", ""))

    async def read(self) -> None:
        """Read to the end; raise TooLarge beyond 10 MiB on the wire."""
        async for chunk in self._response.stream:  # type: ignore[union-attr]
            self._size += len(chunk)
            self._keep(chunk)
            if self._size > MOST_BYTES:
                raise TooLarge(f"The answer is larger than {MOST_BYTES // 1024**2} MiB.")

    def received(self) -> ReceivedResponse:
        """Return what has been read so far."""
        headers = headers_of(self._response)
        return ReceivedResponse(
            status=self._response.status_code,
            headers=headers,
            body=_text(bytes(self._kept), headers, cut=self._cut),
            body_truncated=self._cut,
            size_bytes=self._size,
        )

    def _keep(self, chunk: bytes) -> None:
        room = KEPT_BYTES - len(self._kept)
        if self._cut:
            return
        # One byte more than there is room for tells a full body from a cut one.
        plain = self._decoded(chunk, room + 1)
        self._kept += plain[:room]
        self._cut = len(plain) > room

    def _decoded(self, chunk: bytes, at_most: int) -> bytes:
        if self._decoder is None:
            return chunk
        try:
            return self._decoder.decompress(chunk, at_most)
        except zlib.error:
            self._decoder = None  # not what it said it was: show it as it came
            return chunk


def _decoder(encoding: str) -> _Decoder | None:
    match encoding.strip().lower():
        case "gzip" | "x-gzip":
            return zlib.decompressobj(zlib.MAX_WBITS | 16)
        case "deflate":
            return _Deflate()
        case _:
            return None


class _Deflate:
    """Deflate with or without zlib's frame: servers send both (RFC 9110, 8.4.1.2)."""

    def __init__(self) -> None:
        self._framed: bool | None = None
        self._plain = zlib.decompressobj(-zlib.MAX_WBITS)
        self._zlib = zlib.decompressobj()

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        if self._framed is not False:
            try:
                text = self._zlib.decompress(data, max_length)
            except zlib.error:
                if self._framed:
                    raise
                self._framed = False
            else:
                self._framed = True
                return text
        return self._plain.decompress(data, max_length)


def headers_of(response: httpx.Response) -> dict[str, str]:
    """Return the headers of an answer as sent, repeated ones joined, cookies masked.

    What finds no room in 16 KiB is left out whole: the log keeps them for weeks.
    """
    room = KEPT_HEADER_CHARACTERS
    headers: dict[str, str] = {}
    names: dict[str, str] = {}
    for raw_name, raw_value in response.headers.raw:
        name, value = raw_name.decode("latin-1"), raw_value.decode("utf-8", "replace")
        plain = name.casefold()
        if plain in _MASKED_ANSWERS:
            value = "••••"
        size = len(name) + len(value)
        if size > room:
            continue  # a smaller one behind it may say when to come back, or where
        room -= size
        known = names.setdefault(plain, name)
        headers[known] = f"{headers[known]}, {value}" if known in headers else value
    return headers


def _text(body: bytes, headers: Mapping[str, str], *, cut: bool) -> str:
    """Return `body` as text; a character that was cut in two at the end is left out."""
    content_type = next((v for name, v in headers.items() if name.casefold() == "content-type"), "")
    found = _CHARSET.search(content_type)
    charset = found[1] if found else "utf-8"
    try:
        return _decoded(body, charset, cut=cut)
    except LookupError:
        return _decoded(body, "utf-8", cut=cut)
    except UnicodeError:
        # Some codecs refuse all the same: UTF-16 without a mark of its order, which is meant to
        # be little-endian then (WHATWG Encoding, 4.2), and escape sequences without an end.
        fallback = "utf-16-le" if charset.lower() == "utf-16" else "utf-8"
        return _decoded(body, fallback, cut=cut)


def _decoded(body: bytes, charset: str, *, cut: bool) -> str:
    return codecs.getincrementaldecoder(charset)("replace").decode(body, final=not cut)
