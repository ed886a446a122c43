"""What the runs of a selftest call: it remembers every request by itself."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from cronpp_app.clock import utc_now

# Long enough that some calls are always under way when a worker is killed.
_ANSWER_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request as it came in; `marked` says whether it was told as a possible duplicate."""

    run_id: str
    attempt: int
    key: str
    marked: bool
    at: datetime


class Target:
    """An HTTP server on a free loopback port that answers 200 to everything."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/selftest"

    def stop(self) -> None:
        """Listen no more."""
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                fields = dict(line.split(": ", 1) for line in head.split("\r\n") if ": " in line)
                headers = {name.lower(): value for name, value in fields.items()}
                await reader.readexactly(int(headers.get("content-length", 0)))
                self._note(headers)
                await asyncio.sleep(_ANSWER_SECONDS)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the worker was killed, or closed an idle connection
        finally:
            writer.close()

    def _note(self, headers: dict[str, str]) -> None:
        self.calls.append(
            Call(
                run_id=headers["x-cronpp-run-id"],
                attempt=int(headers["x-cronpp-attempt"]),
                key=headers["idempotency-key"],
                marked="x-cronpp-possible-duplicate" in headers,
                at=utc_now(),
            )
        )
