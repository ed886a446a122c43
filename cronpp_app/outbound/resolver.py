"""Looking up host names: through the system's resolver, every answer judged before use."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Protocol

from aiohttp.abc import AbstractResolver, ResolveResult

from cronpp_app.clock import monotonic
from cronpp_app.outbound.guard import EgressRules, judge_addresses

# getaddrinfo blocks its thread for as long as a dead name server lets it; the loop's own few
# threads would soon all be waiting for the names of one broken job.
_THREADS = 64
# A name that took this long is looked up by few threads for a while, so that those of dead name
# servers, however many, leave most threads to the others.
_SLOW_SECONDS = 2.0
_SLOW_THREADS = 8
_SLOW_FOR_SECONDS = 300.0
_SLOW_NAMES_KEPT = 10_000


LookUp = Callable[[str], Sequence[str]]


class Resolver(Protocol):
    """Turns a host name into addresses."""

    async def resolve(self, host: str) -> Sequence[str]:
        """Return the addresses of `host` as literals; raise socket.gaierror if there are none."""

    async def aclose(self) -> None:
        """Give back what the resolver holds."""


def _look_up(host: str) -> Sequence[str]:
    """Return all addresses of `host`; blocks."""
    answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(answer[4][0]) for answer in answers))


class SystemResolver:
    """Asks the operating system, in threads of its own, and remembers nothing.

    Connections to one host that are opened at the same time share a look-up, so that a herd
    of runs is no herd of questions.
    """

    def __init__(
        self, look_up: LookUp = _look_up, *, clock: Callable[[], float] = monotonic
    ) -> None:
        self._look_up = look_up
        self._clock = clock
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="dns")
        self._slow_threads = ThreadPoolExecutor(_SLOW_THREADS, thread_name_prefix="slow-dns")
        # When each name that was slow may be taken for a quick one again.
        self._slow_until: dict[str, float] = {}
        self._running: dict[str, asyncio.Future[Sequence[str]]] = {}

    async def resolve(self, host: str) -> Sequence[str]:
        """Return the addresses of `host` in the system's order of preference."""
        running = self._running.get(host)
        if running is None:
            loop = asyncio.get_running_loop()
            is_slow = self._slow_until.get(host, 0.0) > self._clock()
            threads = self._slow_threads if is_slow else self._threads
            running = loop.run_in_executor(threads, self._timed, host)
            self._running[host] = running
            running.add_done_callback(partial(self._forget, host))
        # One connection's deadline must not end the look-up of the others.
        return await asyncio.shield(running)

    def _timed(self, host: str) -> Sequence[str]:
        """Look `host` up, and note whether that took long; in a thread."""
        began = self._clock()
        try:
            return self._look_up(host)
        finally:
            now = self._clock()
            if now - began < _SLOW_SECONDS:
                self._slow_until.pop(host, None)
            else:
                if len(self._slow_until) >= _SLOW_NAMES_KEPT:
                    self._slow_until.clear()
                self._slow_until[host] = now + _SLOW_FOR_SECONDS

    def _forget(self, host: str, running: "asyncio.Future[Sequence[str]]") -> None:
        del self._running[host]
        if not running.cancelled():
            running.exception()  # perhaps nobody waits any more; then nobody is to be warned

    async def aclose(self) -> None:
        """Let the threads go; look-ups that still run end by themselves."""
        for threads in (self._threads, self._slow_threads):
            threads.shutdown(wait=False, cancel_futures=True)


class GuardedResolver(AbstractResolver):
    """Gives aiohttp only addresses that may be called."""

    def __init__(self, resolver: Resolver, rules: EgressRules) -> None:
        self._resolver = resolver
        self._rules = rules

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 - the answers have theirs
    ) -> list[ResolveResult]:
        """Return the judged answers for `host`; raise Blocked if one of them may not be called.

        Raises socket.gaierror if there is no answer.
        """
        addresses = await self._resolver.resolve(host)
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name has no address")
        judge_addresses(addresses, self._rules, host=host)
        return [_result(host, address, port) for address in addresses]

    async def close(self) -> None:
        """Close the resolver behind."""
        await self._resolver.aclose()


def _result(host: str, address: str, port: int) -> ResolveResult:
    return ResolveResult(
        hostname=host,
        host=address,
        port=port,
        family=socket.AF_INET6 if ":" in address else socket.AF_INET,
        proto=0,
        flags=socket.AI_NUMERICHOST,
    )
