"""Targets on loopback for the tests of outgoing calls: they record, and answer as told."""

import asyncio
import errno
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from cronpp_app.domain.attempts import AttemptResult
from cronpp_app.domain.jobs import HttpAction
from cronpp_app.outbound.caller import Caller
from cronpp_app.outbound.guard import parse_allow

USER_AGENT = "Cron++/test"
LOOPBACK = parse_allow("127.0.0.1")


@dataclass
class Request:
    """A request as it arrived: the head's lines, and the body."""

    lines: list[str]
    body: bytes

    def values(self, name: str) -> list[str]:
        pairs = (line.split(": ", 1) for line in self.lines[1:])
        return [value for key, value in pairs if key.lower() == name.lower()]


Answer = Callable[[asyncio.StreamWriter, Request], Awaitable[None]]


@dataclass
class Target:
    """A listening target."""

    url: str
    port: int
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    server_names: list[str | None] = field(default_factory=list)


def answer(status: str = "200 OK", *headers: str, body: bytes = b"ok") -> Answer:
    """Answer every request alike, on a connection that stays open."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", ""]

    async def write(writer: asyncio.StreamWriter, request: Request) -> None:
        writer.write("\r\n".join(lines).encode("latin-1"))
        if not request.lines[0].startswith("HEAD "):
            writer.write(body)

    return write


def raw(data: bytes, *, then_close: bool = False) -> Answer:
    """Answer with exactly these bytes."""

    async def write(writer: asyncio.StreamWriter, request: Request) -> None:
        writer.write(data)
        if then_close:
            writer.close()

    return write


def in_turn(*answers: Answer) -> Answer:
    """Give one answer after the other; the last for ever."""
    left = list(answers)

    async def write(writer: asyncio.StreamWriter, request: Request) -> None:
        await (left.pop(0) if len(left) > 1 else left[0])(writer, request)

    return write


async def say_nothing(writer: asyncio.StreamWriter, request: Request) -> None:
    """Take the request and keep silent."""


async def reset(writer: asyncio.StreamWriter, request: Request) -> None:
    """Break the connection off with a TCP reset."""
    sock: socket.socket = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    writer.transport.abort()


async def listen(answer: Answer, *, tls: ssl.SSLContext | None = None) -> tuple[Target, Any]:
    """Return a target on a free loopback port, and its server."""
    target = Target(url="", port=0)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        target.connections += 1
        try:
            while request := await _read_request(reader):
                target.requests.append(request)
                await answer(writer, request)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    if tls is not None:
        tls.sni_callback = lambda _, name, __: target.server_names.append(name)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    target.port = server.sockets[0].getsockname()[1]
    target.url = f"http{'s' if tls else ''}://127.0.0.1:{target.port}/"
    return target, server


async def _read_request(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    body = await reader.readexactly(int(length[1])) if length else b""
    return Request(head.decode("latin-1").rstrip("\r\n").split("\r\n"), body)


def http(url: str, method: str = "GET", *, seconds: float = 5, **fields: Any) -> HttpAction:
    """Return an action; `seconds` is its deadline."""
    return HttpAction(method=method, url=url, timeout=timedelta(seconds=seconds), **fields)


async def call(caller: Caller, url: str, method: str = "GET", **fields: Any) -> AttemptResult:
    """Call once, without extra headers."""
    return await caller.call(http(url, method, **fields), extra_headers={})


class FakeResolver:
    """Answers look-ups from a list, the last answer for ever, and counts them."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    async def resolve(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    async def aclose(self) -> None:
        pass


class Dialled:
    """Stands where sockets are opened: notes the address and refuses the connection."""

    def __init__(self) -> None:
        self.addresses: list[str] = []

    def __call__(self, info: tuple[Any, ...]) -> socket.socket:
        self.addresses.append(info[4][0])
        raise OSError(errno.ECONNREFUSED, "Connection refused")
