"""A TCP proxy before one member that loses replies: what was asked is done, nobody hears of it."""

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator

_HEADER = struct.Struct("<iiii")  # length, request id, the id it answers, operation
_OP_MSG = 2013
# Behind the header: flags (4 bytes), kind of section (1), length of the document (4), type (1).
_NAME_AT = _HEADER.size + 10


class LossyProxy:
    """Passes everything on, but the replies to what it is told to lose, and hangs up instead."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._wanted: tuple[str, str] | None = None
        self._left = 0
        self._done = asyncio.Event()
        self.lost = 0

    async def lose(self, command: str, collection: str, *, times: int, at_most: float) -> None:
        """Lose the replies to the next `times` of `command` on `collection`; return after that."""
        self._wanted, self._left = (command, collection), times
        self._done.clear()
        async with asyncio.timeout(at_most):
            await self._done.wait()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client."""
        there, back = await asyncio.open_connection("127.0.0.1", self._to)
        doomed: set[int] = set()
        ways = [
            asyncio.create_task(self._ask(reader, back, doomed)),
            asyncio.create_task(self._answer(there, writer, doomed)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        writer.close()
        back.close()

    async def _ask(
        self, reader: asyncio.StreamReader, server: asyncio.StreamWriter, doomed: set[int]
    ) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                message = await _message(reader)
                _, request_id, _, _ = _HEADER.unpack_from(message)
                if self._left and _asked(message) == self._wanted:
                    self._left -= 1
                    doomed.add(request_id)
                server.write(message)
                await server.drain()

    async def _answer(
        self, server: asyncio.StreamReader, writer: asyncio.StreamWriter, doomed: set[int]
    ) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                message = await _message(server)
                if _HEADER.unpack_from(message)[2] in doomed:
                    self.lost += 1
                    if not self._left:
                        self._done.set()
                    return
                writer.write(message)
                await writer.drain()


@contextlib.asynccontextmanager
async def lossy_proxy(port: int) -> AsyncIterator[tuple[LossyProxy, str]]:
    """Run a proxy before the member at `port`; yield it and the address for clients."""
    proxy = LossyProxy(port)
    async with await asyncio.start_server(proxy.serve, "127.0.0.1", 0) as server:
        own_port = server.sockets[0].getsockname()[1]
        yield proxy, f"mongodb://127.0.0.1:{own_port}/?directConnection=true"


async def _message(reader: asyncio.StreamReader) -> bytes:
    header = await reader.readexactly(_HEADER.size)
    return header + await reader.readexactly(_HEADER.unpack(header)[0] - _HEADER.size)


def _asked(message: bytes) -> tuple[str, str] | None:
    """Return command and collection of a message, the first field of its document."""
    if _HEADER.unpack_from(message)[3] != _OP_MSG:
        return None
    command, _, rest = message[_NAME_AT:].partition(b"\0")
    return command.decode(), rest[4:].partition(b"\0")[0].decode(errors="replace")
