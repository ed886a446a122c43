"""Taking in what a target sends, in small portions, and refusing what has no end.

aiohttp bounds a header, but not how many interim answers (1xx) come before the answer, nor how
much framing comes with a body; and it parses all that has arrived in one go. A hostile target
on a fast line could so hold up every other run of this worker, or fill its memory.
"""

import asyncio
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import RawResponseMessage
from aiohttp.streams import StreamReader

from cronpp_app.outbound.bodies import MOST_BYTES, TooLarge

_PORTION_BYTES = 16_384
_MOST_INTERIM = 100
# All headers, interim answers and the framing of chunks together.
_MOST_FRAMING_BYTES = 1024 * 1024


class Reception(ResponseHandler):
    """Parses an answer portion by portion; others get their turn in between."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._waiting = bytearray()
        self._is_feeding = False
        self._received = 0
        self._interim = 0

    def set_response_params(self, **options: Any) -> None:
        """Begin a new answer."""
        self._received = self._interim = 0
        super().set_response_params(**options)

    @property
    def should_close(self) -> bool:
        """Return whether this connection cannot be used again: something is left on it."""
        return bool(self._waiting) or super().should_close

    def data_received(self, data: bytes) -> None:
        """Take in `data`: at once if it is little, else in portions."""
        self._received += len(data)
        if len(data) <= _PORTION_BYTES and not self._waiting:
            self._take(data)
            return
        self._waiting += data
        self._hold_back()
        if not self._is_feeding:
            self._is_feeding = True
            self._feed()

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Go on, first with what waits here."""
        super().resume_reading(resume_parser)
        if self._waiting:
            self._hold_back()
            if not self._is_feeding:
                self._is_feeding = True
                self._loop.call_soon(self._feed)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Take in the rest before the connection's end is told."""
        while self._waiting and self._exception is None:
            self._take(self._portion())
        self._waiting.clear()
        super().connection_lost(exc)

    def feed_data(self, data: tuple[RawResponseMessage, StreamReader], size: int = 0) -> None:
        """Hand on an answer's head; refuse interim ones without end."""
        self._interim += 100 <= data[0].code < 200
        if self._interim > _MOST_INTERIM:
            if self._exception is None:
                self._refuse(aiohttp.ClientError("interim answers without end"))
            return
        super().feed_data(data, size)

    def _take(self, data: bytes) -> None:
        payload = self._payload
        super().data_received(data)
        payload = self._payload or payload
        body = payload.total_bytes if payload is not None else 0
        if self._received - len(self._waiting) - body > _MOST_FRAMING_BYTES:
            self._refuse(TooLarge("The answer has more than 1 MiB of headers and framing."))
        elif self._received > MOST_BYTES + _MOST_FRAMING_BYTES:
            self._refuse(TooLarge(f"The answer is larger than {MOST_BYTES // 1024**2} MiB."))

    def _feed(self) -> None:
        """Take in one portion; come back for the next when others have had their turn."""
        if self._waiting and not self._reading_paused and self._exception is None:
            self._take(self._portion())
        if self._waiting and not self._reading_paused and self._exception is None:
            self._loop.call_soon(self._feed)
            return
        self._is_feeding = False
        if not self._waiting and not self._reading_paused and self.transport is not None:
            self.transport.resume_reading()

    def _portion(self) -> bytes:
        portion = bytes(self._waiting[:_PORTION_BYTES])
        del self._waiting[:_PORTION_BYTES]
        return portion

    def _hold_back(self) -> None:
        if self.transport is not None:
            self.transport.pause_reading()

    def _refuse(self, error: Exception) -> None:
        payload = self._payload
        self._waiting.clear()
        self.set_exception(error)
        if payload is not None:
            payload.set_exception(error)
        if self.transport is not None:
            self.transport.abort()
