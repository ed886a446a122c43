"""Connections: refused, blocked, distrusted, shared, gone stale."""

import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import monotonic

import pytest
from targets import (
    LOOPBACK,
    USER_AGENT,
    FakeResolver,
    Target,
    answer,
    call,
    in_turn,
    raw,
    reset,
)

from cronpp_app.domain.attempts import ErrorKind
from cronpp_app.outbound.caller import Caller
from cronpp_app.outbound.transport import GuardedTransport

Serve = Callable[..., Awaitable[Target]]
CERTIFICATE = Path(__file__).parent / "data" / "hooks.example.pem"


async def test_a_refused_connection_may_be_tried_again(caller: Caller) -> None:
    result = await call(caller, "http://127.0.0.1:9/")
    assert result.error.message == "Connection refused by 127.0.0.1:9."
    assert result.error.kind is ErrorKind.CONNECT
    assert "ConnectionRefusedError" in result.error.traceback
    assert (result.retryable, result.maybe_sent, result.response) == (True, False, None)


async def test_a_name_without_an_address_may_be_tried_again() -> None:
    transport = GuardedTransport(LOOPBACK, resolver=FakeResolver([]))
    caller = Caller(rules=LOOPBACK, user_agent=USER_AGENT, transport=transport)
    result = await call(caller, "http://nowhere.example/")
    await caller.aclose()
    assert (result.error.kind, result.retryable) == (ErrorKind.DNS, True)
    assert "nowhere.example" in result.error.message


async def test_a_blocked_target_is_final_and_the_remedy_named(caller: Caller) -> None:
    result = await call(caller, "http://10.0.0.1/")
    assert (result.error.kind, result.retryable) == (ErrorKind.BLOCKED, False)
    assert "CRONPP_EGRESS_ALLOW" in result.error.message
    assert (result.request.url, result.maybe_sent) == ("http://10.0.0.1/", False)


async def test_a_certificate_is_checked_against_the_name_not_the_address(serve: Serve) -> None:
    identity = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    identity.load_cert_chain(CERTIFICATE)
    target = await serve(answer(), tls=identity)
    transport = GuardedTransport(
        LOOPBACK,
        resolver=FakeResolver(["127.0.0.1"]),
        tls=ssl.create_default_context(cafile=CERTIFICATE),
    )
    caller = Caller(rules=LOOPBACK, user_agent=USER_AGENT, transport=transport)
    right = await call(caller, f"https://hooks.example:{target.port}/")
    wrong = await call(caller, f"https://other.example:{target.port}/")
    await caller.aclose()
    assert right.ok
    assert (wrong.error.kind, wrong.retryable, wrong.maybe_sent) == (ErrorKind.TLS, False, False)
    assert "other.example" in wrong.error.message
    assert target.server_names == ["hooks.example", "other.example"]
    assert len(target.requests) == 1


async def test_a_certificate_nobody_vouches_for_is_refused(caller: Caller, serve: Serve) -> None:
    identity = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    identity.load_cert_chain(CERTIFICATE)
    target = await serve(answer(), tls=identity)
    result = await call(caller, target.url)
    assert (result.error.kind, result.retryable) == (ErrorKind.TLS, False)
    assert "self-signed certificate" in result.error.message


async def test_safe_requests_share_a_connection(caller: Caller, serve: Serve) -> None:
    target = await serve(answer())
    for _ in range(3):
        await call(caller, target.url)
    assert (target.connections, len(target.requests)) == (1, 3)


@pytest.mark.parametrize(
    ("clock", "seconds"),
    [("cronpp_app.outbound.transport.monotonic", 31), ("aiohttp.connector.monotonic", 2)],
    ids=["opened 31 s ago", "idle for 2 s"],
)
async def test_an_old_connection_is_not_used_again(
    caller: Caller, serve: Serve, monkeypatch: pytest.MonkeyPatch, clock: str, seconds: int
) -> None:
    target = await serve(answer())
    await call(caller, target.url)
    monkeypatch.setattr(clock, lambda: monotonic() + seconds)
    await call(caller, target.url)
    assert target.connections == 2


async def test_other_requests_never_share_one(caller: Caller, serve: Serve) -> None:
    target = await serve(answer())
    for method in ("GET", "POST", "PUT"):
        await call(caller, target.url, method)
    assert target.connections == 3


async def test_a_safe_request_survives_a_connection_that_went_stale(
    caller: Caller, serve: Serve
) -> None:
    target = await serve(in_turn(answer(), reset, answer(body=b"again")))
    await call(caller, target.url)
    result = await call(caller, target.url)
    assert (result.ok, result.response.body) == (True, "again")
    assert (target.connections, len(target.requests)) == (2, 3)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
async def test_nothing_is_sent_twice_on_fresh_connections(
    caller: Caller, serve: Serve, method: str
) -> None:
    target = await serve(reset)
    result = await call(caller, target.url, method)
    assert (result.error.kind, result.retryable) == (ErrorKind.CONNECT, True)
    assert result.maybe_sent
    assert len(target.requests) == 1


async def test_a_body_without_an_end_mark_ends_with_the_connection(
    caller: Caller, serve: Serve
) -> None:
    target = await serve(raw(b"HTTP/1.1 200 OK\r\n\r\nall of it", then_close=True))
    result = await call(caller, target.url)
    assert (result.ok, result.response.body) == (True, "all of it")
