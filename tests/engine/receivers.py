"""Targets on loopback that keep what they were sent."""

import asyncio
from collections.abc import Callable


class Receiver:
    """A target on loopback that keeps what it was sent; answers `statuses` in turn."""

    url = ""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.calls: list[tuple[dict[str, str], bytes]] = []
        # What to answer to the lines of a head and a body: nothing, unless a test wants more.
        self.answer: Callable[[list[str], bytes], bytes] = lambda lines, body: b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[:-2]
        headers = {n.lower(): v for n, v in (line.split(": ", 1) for line in lines[1:])}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.calls.append((headers, body))
        status = self.statuses.pop(0) if self.statuses else 200
        answer = self.answer(lines, body)
        head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(answer)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + answer)
        await writer.drain()
        writer.close()
