"""What a call sends, and what it makes of the answer."""

import gzip
import zlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from targets import (
    USER_AGENT,
    Target,
    answer,
    call,
    http,
)

from cronpp_app.domain.attempts import ErrorKind
from cronpp_app.domain.jobs import LogAction, StatusRange
from cronpp_app.outbound.caller import Caller, perform_log, read_retry_after

Serve = Callable[..., Awaitable[Target]]
CERTIFICATE = Path(__file__).parent / "data" / "hooks.example.pem"


async def test_headers_arrive_in_order_and_case_and_extra_ones_win(
    caller: Caller, serve: Serve
) -> None:
    target = await serve(answer())
    action = http(target.url, "POST", headers={"X-Zeta": "1", "x-alpha": "2"}, body="text")
    result = await caller.call(action, extra_headers={"X-Alpha": "ours", "X-Run": "7"})
    assert target.requests[0].lines == [
        "POST / HTTP/1.1",
        f"Host: 127.0.0.1:{target.port}",
        f"User-Agent: {USER_AGENT}",
        "Accept: */*",
        "Accept-Encoding: gzip, deflate",
        "X-Zeta: 1",
        "X-Alpha: ours",
        "X-Run: 7",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Length: 4",
        "Connection: close",
    ]
    recorded = [f"{name}: {value}" for name, value in result.request.headers.items()]
    assert recorded == target.requests[0].lines[1:]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
async def test_every_method_is_sent_and_recorded_as_it_went(
    caller: Caller, serve: Serve, method: str
) -> None:
    target = await serve(answer())
    result = await call(caller, target.url + "a%20b?q=%C3%BC&q=ü#part", method)
    assert result.ok
    assert target.requests[0].lines[0] == f"{method} /a%20b?q=%C3%BC&q=%C3%BC HTTP/1.1"
    recorded = [f"{name}: {value}" for name, value in result.request.headers.items()]
    assert recorded == target.requests[0].lines[1:]


async def test_a_body_is_sent_byte_for_byte(caller: Caller, serve: Serve) -> None:
    target = await serve(answer())
    body = '{ "ü": 1,\r\n "😀": "\\u0000" }'
    await call(caller, target.url, "POST", body=body)
    assert target.requests[0].body == body.encode()
    assert target.requests[0].values("content-type") == ["application/json"]


async def test_a_content_type_of_the_job_stays(caller: Caller, serve: Serve) -> None:
    target = await serve(answer())
    await call(caller, target.url, "POST", body="a=1", headers={"content-type": "x/y"})
    assert target.requests[0].values("content-type") == ["x/y"]


async def test_secrets_are_sent_whole_and_recorded_masked(caller: Caller, serve: Serve) -> None:
    target = await serve(answer())
    headers = {"authorization": "Bearer abcdef", "Cookie": "short", "X-API-Key": "0123456789"}
    result = await call(caller, target.url, headers=headers)
    assert target.requests[0].values("authorization") == ["Bearer abcdef"]
    assert result.request.headers["authorization"] == "••••cdef"
    assert result.request.headers["Cookie"] == "••••"
    assert result.request.headers["X-API-Key"] == "••••6789"


async def test_cookies_of_a_target_are_not_sent_with_the_next_call(
    caller: Caller, serve: Serve
) -> None:
    target = await serve(answer("200 OK", "Set-Cookie: sid=secret; Path=/"))
    first = await call(caller, target.url)
    await call(caller, target.url)
    assert target.requests[1].values("cookie") == []
    assert "secret" not in str(first)


async def test_the_environments_proxy_is_not_used(
    caller: Caller, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, proxy = await serve(answer()), await serve(answer())
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("ALL_PROXY", proxy.url)
    assert (await call(caller, target.url)).ok
    assert (len(target.requests), len(proxy.requests)) == (1, 0)


async def test_the_answer_is_kept_as_it_came(caller: Caller, serve: Serve) -> None:
    target = await serve(answer("201 Created", "X-One: 1", "X-Many: a", "x-many: b", body=b"yes"))
    response = (await call(caller, target.url)).response
    assert (response.status, response.body, response.size_bytes) == (201, "yes", 3)
    assert response.headers == {"X-One": "1", "X-Many": "a, b", "Content-Length": "3"}
    assert not response.body_truncated


@pytest.mark.parametrize("size", [65_536, 65_537, 1_000_000])
async def test_of_a_body_the_first_64_kib_are_kept(caller: Caller, serve: Serve, size: int) -> None:
    target = await serve(answer(body=b"x" * size))
    response = (await call(caller, target.url)).response
    assert len(response.body) == 65_536
    assert (response.body_truncated, response.size_bytes) == (size > 65_536, size)


@pytest.mark.parametrize(
    ("coding", "encode"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda data: zlib.compress(data)[2:-4]),
        ("gzip", lambda data: data),  # not what it says it is
    ],
)
async def test_a_compressed_body_is_shown_as_text(
    caller: Caller, serve: Serve, coding: str, encode: Callable[[bytes], bytes]
) -> None:
    text = "Grüße, " * 1_000
    target = await serve(
        answer("200 OK", f"Content-Encoding: {coding}", body=encode(text.encode()))
    )
    assert (await call(caller, target.url)).response.body == text


@pytest.mark.parametrize(
    ("content_type", "data", "text"),
    [
        ("text/plain; charset=iso-8859-1", b"Gr\xfc\xdfe", "Grüße"),
        ("text/plain", b"\xff\xfeno", "\ufffd\ufffdno"),
        ("text/plain; charset=unicode_escape", b"\\ud800", "\\ud800"),
        ("text/plain; charset=no-such", "ü".encode(), "ü"),
        ("text/plain; charset=utf-16", "\ufeffzwölf".encode("utf-16-le"), "zwölf"),
        ("text/plain; charset=utf-16", "zwölf".encode("utf-16-le"), "zwölf"),
        ("text/plain; charset=utf-16", b"\x00\xd8\x00\xd8", "\ufffd\ufffd"),
    ],
)
async def test_a_body_becomes_text_that_can_be_stored(
    caller: Caller, serve: Serve, content_type: str, data: bytes, text: str
) -> None:
    target = await serve(answer("200 OK", f"Content-Type: {content_type}", body=data))
    body = (await call(caller, target.url)).response.body
    assert body == text
    assert body.encode()


async def test_an_escape_without_an_end_where_a_body_is_cut_is_text(
    caller: Caller, serve: Serve
) -> None:
    """Python's decoder of this charset gives up on it, however it is asked."""
    unfinished = b"\x1b$$\x1b$\x1b\x1b($"
    endless = b"a" * (65_536 - len(unfinished)) + unfinished + b"beyond"
    target = await serve(
        answer("200 OK", "Content-Type: text/plain; charset=iso-2022-jp", body=endless)
    )
    result = await call(caller, target.url)
    assert result.ok
    assert result.response.body.startswith("aaaa")


async def test_a_character_cut_in_two_is_left_out(caller: Caller, serve: Serve) -> None:
    target = await serve(answer(body="ü".encode() * 40_000 + b"x"))
    shifted = await serve(answer(body=b"x" + "ü".encode() * 40_000))
    assert (await call(caller, target.url)).response.body == "ü" * 32_768
    assert (await call(caller, shifted.url)).response.body == "x" + "ü" * 32_767


@pytest.mark.parametrize(
    ("status", "expected", "ok", "retryable"),
    [
        (200, None, True, False),
        (299, None, True, False),
        (304, None, False, False),
        (404, None, False, False),
        (408, None, False, True),
        (409, None, False, True),
        (425, None, False, True),
        (429, None, False, True),
        (500, None, False, True),
        (503, None, False, True),
        (599, None, False, True),
        (404, (StatusRange(first=404, last=404),), True, False),
        (204, (StatusRange(first=200, last=200), StatusRange(first=202, last=203)), False, False),
    ],
)
async def test_the_status_decides(
    caller: Caller,
    serve: Serve,
    status: int,
    expected: tuple[StatusRange, ...] | None,
    ok: bool,
    retryable: bool,
) -> None:
    target = await serve(answer(f"{status} Something", body=b""))
    fields = {"success_statuses": expected} if expected else {}
    result = await call(caller, target.url, **fields)
    assert (result.ok, result.retryable, result.response.status) == (ok, retryable, status)
    assert ok or result.error.kind is ErrorKind.STATUS


async def test_an_unwanted_status_is_told_in_words(caller: Caller, serve: Serve) -> None:
    target = await serve(answer("503 Whatever"))
    error = (await call(caller, target.url)).error
    assert error.message == (
        "The target answered 503 Service Unavailable, which is not among the expected 200-299."
    )
    assert "UnexpectedStatus: The target answered 503" in error.traceback


async def test_a_target_that_is_gone_says_so(caller: Caller, serve: Serve) -> None:
    target = await serve(answer("410 Gone"))
    result = await call(caller, target.url)
    assert (result.gone, result.retryable) == (True, False)


async def test_the_wait_a_target_asks_for_is_handed_on(caller: Caller, serve: Serve) -> None:
    target = await serve(answer("429 Too Many Requests", "Retry-After: 120"))
    assert (await call(caller, target.url)).retry_after == timedelta(seconds=120)


@pytest.mark.parametrize("text", [None, "", "soon", "-5", "1.5", "9" * 30, "٣", "Mon, 99 Foo 2026"])
def test_a_retry_after_that_says_nothing_is_ignored(text: str | None) -> None:
    assert read_retry_after(text) is None


def test_a_retry_after_may_be_a_date() -> None:
    in_an_hour = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    assert timedelta(minutes=58) < read_retry_after(in_an_hour) <= timedelta(hours=1)
    assert read_retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == timedelta(0)


def test_a_log_action_succeeds_and_keeps_its_line() -> None:
    result = perform_log(LogAction(message="Backup window opens"))
    assert result.ok
    assert (result.request.body, result.response) == ("Backup window opens", None)
