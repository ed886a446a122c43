"""The way out: httpx requests over aiohttp connections that only reach judged addresses.

httpx's own pool costs more the more requests are in flight; aiohttp's does not. Which
connections are used twice, and why (docs/decisions/0002-http-transport.md):

* GET, HEAD and OPTIONS borrow young idle connections. If one turns out to have been closed
  in the meantime the request is sent again, once, on a fresh connection: it is safe to.
* All other methods open a connection each, so that a closed one never leaves us guessing
  whether a request was carried out, and nothing is sent twice behind the run's back.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final
from weakref import WeakKeyDictionary

import aiohttp
import certifi
import httpx
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.tracing import Trace
from multidict import CIMultiDict
from yarl import URL

from cronpp_app.clock import monotonic
from cronpp_app.outbound.guard import Blocked, EgressRules, judge_addresses
from cronpp_app.outbound.reception import Reception
from cronpp_app.outbound.resolver import GuardedResolver, Resolver, SystemResolver

# A second send of these changes nothing at the target (RFC 9110, 9.2.1).
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
# Below the shortest idle time that common servers grant (gunicorn: 2 s).
_IDLE_SECONDS = 1.5
# A reused connection leads where it was judged to lead; its age bounds how long a name that
# moved is still called at its old address.
_OLDEST_SECONDS = 30.0
_LARGEST_HEADER_BYTES, _MOST_HEADERS = 16_384, 128
_NO_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=None)  # the caller has the deadline

# As aiohttp hands it over: family, type, protocol, name, socket address.
AddressInfo = tuple[Any, ...]
SocketFactory = Callable[[AddressInfo], socket.socket]


class ConnectionBroke(Exception):
    """The connection ended before an answer began."""


@dataclass(slots=True)
class Passage:
    """How far a request has come: filled on its way, read when it fails."""

    host: str
    connected: bool = False
    reused: bool = False


# Connection and socket are made far below the request, in its task or in one started from it.
_passage: ContextVar[Passage] = ContextVar("passage")


class GuardedConnector(aiohttp.TCPConnector):
    """Opens connections to judged addresses only, and lends young ones out again."""

    def __init__(self, rules: EgressRules, open_socket: SocketFactory, **options: Any) -> None:
        self._rules = rules
        self._open_socket = open_socket
        self._opened_at: WeakKeyDictionary[ResponseHandler, float] = WeakKeyDictionary()
        # No limit: the worker's slots are one. No cache: a name is looked up per connection.
        super().__init__(
            socket_factory=self._judged_socket, limit=0, use_dns_cache=False, **options
        )
        loop = asyncio.get_running_loop()
        self._factory = partial(Reception, loop)  # type: ignore[assignment]  # a kind of it

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's signature
    ) -> Connection:
        """Return a connection for `req`, idle or new, and note in the passage which."""
        passage = _passage.get()
        while True:
            passage.reused = True
            connection = await super().connect(req, traces, timeout)
            if not passage.reused or self._is_young(connection):
                passage.connected = True
                return connection
            connection.close()

    async def _create_connection(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's signature
    ) -> ResponseHandler:
        _passage.get().reused = False
        protocol = await super()._create_connection(req, traces, timeout)
        self._judge_peer(protocol)
        if not self.force_close:
            self._opened_at[protocol] = monotonic()
        return protocol

    def _judge_peer(self, protocol: ResponseHandler) -> None:
        """Close a connection whose other end is not one that may be called, before it is used."""
        peer = protocol.transport and protocol.transport.get_extra_info("peername")
        try:
            judge_addresses([peer[0]] if peer else [], self._rules, host=_passage.get().host)
        except Blocked:
            protocol.abort()
            raise

    def _is_young(self, connection: Connection) -> bool:
        protocol = connection.protocol
        opened_at = self._opened_at.get(protocol) if protocol is not None else None
        return opened_at is not None and monotonic() - opened_at < _OLDEST_SECONDS

    def _judged_socket(self, info: AddressInfo) -> socket.socket:
        """Return a socket for an address that is about to be dialled; the last gate."""
        judge_addresses([info[4][0]], self._rules, host=_passage.get().host)
        return self._open_socket(info)


class GuardedTransport(httpx.AsyncBaseTransport):
    """Sends httpx requests; raises Blocked, ConnectionBroke and aiohttp's own errors.

    A request's extension `passage` is filled on its way. Follows no redirects, keeps no
    cookies, reads no environment and has no timeouts: all that is the caller's.
    """

    def __init__(
        self,
        rules: EgressRules,
        *,
        resolver: Resolver | None = None,
        open_socket: SocketFactory | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        shared: dict[str, Any] = {
            "rules": rules,
            "open_socket": open_socket or _open_socket,
            "resolver": GuardedResolver(resolver or SystemResolver(), rules),
            "ssl": tls or _tls_context(),
        }
        self._resolver: GuardedResolver = shared["resolver"]
        self._lending = _session(GuardedConnector(keepalive_timeout=_IDLE_SECONDS, **shared))
        self._single = _session(GuardedConnector(force_close=True, **shared))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the answer to `request`, its body still to be read."""
        passage: Passage = request.extensions["passage"]
        _passage.set(passage)
        if request.method not in SAFE_METHODS:
            return await _send(self._single, request)
        try:
            return await _send(self._lending, request)
        except ConnectionBroke:
            if not passage.reused:
                raise
        return await _send(self._single, request)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._lending.close()
        await self._single.close()
        await self._resolver.close()


async def _send(session: aiohttp.ClientSession, request: httpx.Request) -> httpx.Response:
    response = await session.request(
        request.method,
        URL(str(request.url), encoded=True),
        headers=CIMultiDict(
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw
        ),
        data=request.content or None,
        allow_redirects=False,
    )
    return httpx.Response(
        response.status,
        headers=response.raw_headers,
        stream=_Body(response),
        extensions={"reason_phrase": (response.reason or "").encode("latin-1", "replace")},
    )


class _Body(httpx.AsyncByteStream):
    """The body of an answer as it comes from the network, still compressed."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._response.content.iter_any():
            yield chunk

    async def aclose(self) -> None:
        # Closes the connection, unless the body was read to its end and it went back already.
        self._response.close()


async def _no_second_try(
    request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending again by itself, which it does even on fresh connections."""
    try:
        return await send(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise ConnectionBroke(str(error)) from error


def _session(connector: GuardedConnector) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=_NO_TIMEOUT,
        trust_env=False,
        auto_decompress=False,
        skip_auto_headers=("Content-Type",),
        max_line_size=_LARGEST_HEADER_BYTES,
        max_field_size=_LARGEST_HEADER_BYTES,
        max_headers=_MOST_HEADERS,
        middlewares=(_no_second_try,),
    )


def _open_socket(info: AddressInfo) -> socket.socket:
    family, kind, protocol = info[:3]
    return socket.socket(family, kind, protocol)


@cache
def _tls_context() -> ssl.SSLContext:
    """Return a context that trusts the system's authorities and, where it has none, Mozilla's."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    return context
