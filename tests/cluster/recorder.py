"""The target of chaos: a process of its own that records every request before it answers.

    python -m tests.cluster.recorder ADDRESS

It prints the port it listens on, then a line for each request as it comes in. The path says
how to answer: `/ok/50` with 200 after 50 ms; `/hostile` badly to the first attempt of most
runs, well to every other.
"""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from zlib import crc32

from cronpp_app.clock import utc_now
from cronpp_app.selftest.target import Call
from tests.cluster.harness import ROOT

_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
# What a hostile target does instead of answering well, one of them for each run.
_HOSTILE: tuple[bytes, ...] = (
    _OK,
    b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n",
    b"",  # closes without a word
    b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\ncut off",
    b"\x00\xff this is not HTTP \r\n\r\n",
)


class Recorder:
    """The target as its test sees it: what it has been sent so far."""

    def __init__(self, process: asyncio.subprocess.Process, address: str, port: int) -> None:
        self._process = process
        self.address, self.port = address, port
        self.calls: list[Call] = []
        self._news = asyncio.Condition()

    def url(self, path: str, *, host: str | None = None) -> str:
        """Return the address of `path` on it, by the name `host` if that is given."""
        return f"http://{host or self.address}:{self.port}{path}"

    async def received(self, count: int, *, at_most: float = 60) -> None:
        """Wait until `count` more calls have come in."""
        wanted = len(self.calls) + count
        await self.until(lambda: len(self.calls) >= wanted, at_most=at_most)

    async def until(self, condition: Callable[[], bool], *, at_most: float = 60) -> None:
        """Wait until `condition` holds; it is asked again after each call."""
        async with asyncio.timeout(at_most), self._news:
            await self._news.wait_for(condition)

    async def listen(self) -> None:
        """Note what the process tells, until it ends."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            told = json.loads(line)
            at = datetime.fromtimestamp(told.pop("at_ms") / 1000, UTC)
            async with self._news:
                self.calls.append(Call(**told, at=at))
                self._news.notify_all()


@contextlib.asynccontextmanager
async def recorder(address: str) -> AsyncIterator[Recorder]:
    """Run a recording target that listens at `address`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.cluster.recorder", address),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        recorder = Recorder(process, address, int(await process.stdout.readline()))
        listening = asyncio.create_task(recorder.listen())
        yield recorder
    finally:
        process.kill()
        await process.wait()
    await listening


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            path, headers = await _request(reader)
            _tell(headers)
            answer, delay_ms = _answer(path, headers)
            await asyncio.sleep(delay_ms / 1000)
            writer.write(answer)
            await writer.drain()
            if answer != _OK:
                return
    except (asyncio.IncompleteReadError, ConnectionError):
        pass  # the worker was killed, or closed an idle connection
    finally:
        writer.close()


async def _request(reader: asyncio.StreamReader) -> tuple[str, dict[str, str]]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    fields = (line.split(": ", 1) for line in head[1:] if ": " in line)
    headers = {name.lower(): value for name, value in fields}
    await reader.readexactly(int(headers.get("content-length", 0)))
    return head[0].split(" ")[1], headers


def _tell(headers: dict[str, str]) -> None:
    told = {
        "run_id": headers["x-cronpp-run-id"],
        "attempt": int(headers["x-cronpp-attempt"]),
        "key": headers["idempotency-key"],
        "marked": "x-cronpp-possible-duplicate" in headers,
        "at_ms": round(utc_now().timestamp() * 1000),
    }
    os.write(sys.stdout.fileno(), json.dumps(told).encode() + b"\n")


def _answer(path: str, headers: dict[str, str]) -> tuple[bytes, int]:
    kind, _, number = path.partition("?")[0].strip("/").partition("/")
    if kind == "hostile" and headers["x-cronpp-attempt"] == "1":
        run_id = headers["x-cronpp-run-id"]
        return _HOSTILE[crc32(run_id.encode()) % len(_HOSTILE)], 0
    return _OK, int(number or 0)


async def _work(address: str) -> None:
    server = await asyncio.start_server(_serve, address, 0, backlog=1_000)
    print(server.sockets[0].getsockname()[1], flush=True)
    # The pipe's end means that the test has died.
    await asyncio.to_thread(sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(_work(sys.argv[1]))
