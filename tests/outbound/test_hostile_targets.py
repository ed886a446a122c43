"""Targets that misbehave: each ends within its deadline, with the right word for it."""

import asyncio
import gzip
import tracemalloc
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from targets import Request, Target, answer, call, raw, reset, say_nothing

from cronpp_app.domain.attempts import ErrorKind
from cronpp_app.outbound.caller import Caller

Serve = Callable[..., Awaitable[Target]]
DEADLINE_SECONDS = 1.0
# Floods have no end; on a busy machine it takes a while to see what they are.
PATIENCE_SECONDS = 20
OK = b"HTTP/1.1 200 OK\r\n"


def without_end(chunk: bytes, *, pause_seconds: float = 0) -> Callable[..., Awaitable[None]]:
    """Send one chunk after the other until nobody listens."""

    async def write(writer: asyncio.StreamWriter, request: Request) -> None:
        while True:
            writer.write(chunk)
            await writer.drain()
            await asyncio.sleep(pause_seconds)

    return write


def after(start: bytes, then: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    async def write(writer: asyncio.StreamWriter, request: Request) -> None:
        writer.write(start)
        await then(writer, request)

    return write


SLOW = [
    pytest.param(say_nothing, "no answer came", id="silence"),
    pytest.param(
        after(OK, without_end(b"X-More: 1\r\n", pause_seconds=0.05)),
        "no answer came",
        id="slow headers",
    ),
    pytest.param(
        after(OK + b"\r\n", without_end(b".", pause_seconds=0.05)), "not complete", id="slow body"
    ),
    pytest.param(raw(OK + b"Content-Length: 9\r\n\r\nhalf"), "not complete", id="half a body"),
    pytest.param(
        without_end(b"HTTP/1.1 100 Continue\r\n\r\n", pause_seconds=0.01),
        "no answer",
        id="1xx for ever",
    ),
]


@pytest.mark.parametrize(("misbehave", "stage"), SLOW)
async def test_a_slow_target_meets_the_one_deadline(
    caller: Caller, serve: Serve, misbehave: Callable[..., Awaitable[None]], stage: str
) -> None:
    target = await serve(misbehave)
    async with asyncio.timeout(DEADLINE_SECONDS * 10):
        result = await call(caller, target.url, seconds=DEADLINE_SECONDS)
    assert (result.error.kind, result.retryable) == (ErrorKind.TIMEOUT, True)
    assert stage in result.error.message
    assert f"took longer than {DEADLINE_SECONDS:g} s" in result.error.message


async def test_what_came_before_the_deadline_is_kept(caller: Caller, serve: Serve) -> None:
    target = await serve(raw(OK + b"Content-Length: 9\r\n\r\nhalf"))
    result = await call(caller, target.url, seconds=DEADLINE_SECONDS)
    assert (result.response.status, result.response.body) == (200, "half")


async def test_a_tls_handshake_that_stalls_meets_the_deadline(caller: Caller, serve: Serve) -> None:
    target = await serve(say_nothing)
    result = await call(caller, f"https://127.0.0.1:{target.port}/", seconds=DEADLINE_SECONDS)
    assert (result.error.kind, result.maybe_sent) == (ErrorKind.TIMEOUT, False)
    assert "no connection was made" in result.error.message


async def test_an_endless_body_is_cut_off(caller: Caller, serve: Serve) -> None:
    target = await serve(after(OK + b"\r\n", without_end(b"x" * 65_536)))
    result = await call(caller, target.url, seconds=10)
    assert (result.error.kind, result.retryable) == (ErrorKind.TOO_LARGE, False)
    assert "10 MiB" in result.error.message
    assert (len(result.response.body), result.response.body_truncated) == (65_536, True)
    assert 10 * 1024**2 < result.response.size_bytes < 11 * 1024**2


async def test_a_gzip_bomb_stays_small(caller: Caller, serve: Serve) -> None:
    bomb = gzip.compress(bytes(64 * 1024**2))
    target = await serve(answer("200 OK", "Content-Encoding: gzip", body=bomb))
    tracemalloc.start()
    result = await call(caller, target.url, seconds=10)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert result.response.body_truncated
    assert result.response.size_bytes == len(bomb)
    assert peak < 5 * 1024**2


async def test_of_headers_without_measure_few_are_kept(caller: Caller, serve: Serve) -> None:
    many = [f"X-{number}: {'v' * 8_000}" for number in range(100)]
    location = f"Location: /{'x' * 8_000}"
    target = await serve(answer("302 Found", location, *many))
    result = await call(caller, target.url)
    kept = result.response.headers
    assert sum(len(name) + len(value) for name, value in kept.items()) <= 16_384
    assert kept["Location"] == f"/{'x' * 8_000}"
    assert "It points to another address" in result.error.message
    assert len(result.error.message) < 300


async def test_a_large_header_does_not_hide_when_to_come_back(caller: Caller, serve: Serve) -> None:
    large = [f"X-{number}: {'v' * 8_000}" for number in range(3)]
    target = await serve(answer("503 Service Unavailable", *large, "Retry-After: 7"))
    result = await call(caller, target.url)
    assert result.retry_after == timedelta(seconds=7)


GARBLED = [
    pytest.param(b"\x00\x01garbage\r\n\r\n", id="garbage"),
    pytest.param(b"SSH-2.0-OpenSSH_9.9\r\n", id="another protocol"),
    pytest.param(OK + b"X-Big: " + b"x" * 200_000 + b"\r\n\r\n", id="a huge header"),
    pytest.param(OK + b"X-A: 1\r\n" * 5_000 + b"\r\n", id="too many headers"),
    pytest.param(b"HTTP/1.1 200 " + b"x" * 200_000 + b"\r\n\r\n", id="a huge status line"),
    pytest.param(OK + b"Content-Length: x\r\n\r\n", id="a length that is none"),
    pytest.param(
        OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n", id="a chunk size that is none"
    ),
    pytest.param(OK + b"X-A: 1\x00\r\nContent-Length: 0\r\n\r\n", id="a zero byte in a header"),
]


@pytest.mark.parametrize("data", GARBLED)
async def test_an_answer_that_is_not_http_is_final(
    caller: Caller, serve: Serve, data: bytes
) -> None:
    target = await serve(raw(data, then_close=True))
    result = await call(caller, target.url)
    assert (result.error.kind, result.retryable) == (ErrorKind.PROTOCOL, False)
    assert "is not valid HTTP" in result.error.message
    assert len(result.error.message) < 300


BROKEN_OFF = [
    pytest.param(reset, id="reset"),
    pytest.param(raw(b"", then_close=True), id="closed without a word"),
    pytest.param(raw(b"HTTP/1.1 20", then_close=True), id="closed in the status line"),
    pytest.param(
        raw(OK + b"Content-Length: 9\r\n\r\nhal", then_close=True), id="closed in the body"
    ),
    pytest.param(
        raw(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhel", then_close=True),
        id="closed in a chunk",
    ),
]


@pytest.mark.parametrize("break_off", BROKEN_OFF)
async def test_a_connection_that_breaks_may_be_tried_again(
    caller: Caller, serve: Serve, break_off: Callable[..., Awaitable[None]]
) -> None:
    target = await serve(break_off)
    result = await call(caller, target.url, "POST")
    assert (result.error.kind, result.retryable) == (ErrorKind.CONNECT, True)
    assert len(target.requests) == 1


async def test_a_target_that_speaks_no_tls_is_told_apart(caller: Caller) -> None:
    def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail ready\r\n")
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        result = await call(caller, f"https://127.0.0.1:{port}/")
    assert (result.error.kind, result.retryable) == (ErrorKind.TLS, False)
    assert f"The TLS handshake with 127.0.0.1:{port} failed" in result.error.message


async def test_secrets_stay_out_of_the_stack_trace(caller: Caller, serve: Serve) -> None:
    target = await serve(raw(b"HTTP/1.1 200 OK\r\nBearer-abcdefgh\r\n\r\n", then_close=True))
    result = await call(caller, target.url, headers={"Authorization": "Bearer-abcdefgh"})
    assert "Bearer-abcdefgh" not in str(result.error)


async def test_a_connection_left_in_disorder_is_not_used_again(
    caller: Caller, serve: Serve
) -> None:
    """An answer nobody asked for must not become the answer of the next request."""
    target = await serve(raw(OK + b"Content-Length: 2\r\n\r\nokHTTP/1.1 500 Forged\r\n\r\n"))
    await call(caller, target.url)
    result = await call(caller, target.url)
    assert result.response.status == 200


async def flood_chunks(writer: asyncio.StreamWriter, request: Request) -> None:
    writer.write(OK + b"Transfer-Encoding: chunked\r\n\r\n")
    await without_end(b"1\r\nx\r\n" * 10_000)(writer, request)


async def flood_extension(writer: asyncio.StreamWriter, request: Request) -> None:
    writer.write(OK + b"Transfer-Encoding: chunked\r\n\r\n1;")
    await without_end(b"x" * 65_536)(writer, request)


FLOODS = [
    pytest.param(
        without_end(b"HTTP/1.1 100 Continue\r\n\r\n" * 2_000), ErrorKind.PROTOCOL, id="1xx"
    ),
    pytest.param(
        without_end(b"HTTP/1.1 103 Hints\r\nLink: " + b"x" * 9_000 + b"\r\n\r\n"),
        ErrorKind.PROTOCOL,
        id="1xx with headers",
    ),
    pytest.param(without_end(b"\r\n" * 30_000), ErrorKind.TOO_LARGE, id="empty lines"),
    pytest.param(flood_extension, ErrorKind.TOO_LARGE, id="a chunk's extension"),
    pytest.param(flood_chunks, ErrorKind.TIMEOUT, id="chunks of one byte"),
]


@pytest.mark.parametrize(("flood", "kind"), FLOODS)
async def test_a_flood_ends_in_time_and_takes_neither_memory_nor_the_turn_of_others(
    caller: Caller, serve: Serve, flood: Callable[..., Awaitable[None]], kind: ErrorKind
) -> None:
    target = await serve(flood)
    tracemalloc.start()
    # What is refused for what it is must not race with the deadline.
    seconds = DEADLINE_SECONDS if kind is ErrorKind.TIMEOUT else PATIENCE_SECONDS
    async with asyncio.timeout(seconds * 10):
        result = await call(caller, target.url, seconds=seconds)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert result.error.kind is kind
    assert peak < 5 * 1024**2
