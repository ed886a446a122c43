"""Looking up host names: through the system's resolver, every answer judged before use."""

import asyncio
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from aiohttp.abc import AbstractResolver, ResolveResult

from cronpp_app.outbound.guard import EgressRules, judge_addresses

# getaddrinfo blocks its thread for as long as a dead name server lets it; the loop's own few
# threads would soon all be waiting for the names of one broken job.
_THREADS = 64


class Resolver(Protocol):
    """Turns a host name into addresses."""

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of `host` as literals; raise socket.gaierror if there are none."""

    async def aclose(self) -> None:
        """Give back what the resolver holds."""


class SystemResolver:
    """Asks the operating system, in threads of its own, and remembers nothing."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="dns")

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of `host` in the system's order of preference."""
        answers = await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        return list(dict.fromkeys(str(answer[4][0]) for answer in answers))

    async def aclose(self) -> None:
        """Let the threads go; look-ups that still run end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)


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
        addresses = await self._resolver.resolve(host, port)
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
