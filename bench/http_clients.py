"""Compare HTTP clients by CPU time per request, with 10, 100 and 500 requests in flight.

    python bench/http_clients.py http://127.0.0.1:9100/ [--requests 5000] [--rounds 3]

The URL is that of a fast target on loopback, such as a C sink, so that the target is never
the bottleneck. Every client runs in a process of its own, rounds are interleaved, medians
count. CPU time is the client process's own; the wall clock depends on who else is about.
"""

import argparse
import asyncio
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from cronpp_app.domain.jobs import HttpAction
from cronpp_app.event_loop import run_in_event_loop
from cronpp_app.outbound.caller import Caller
from cronpp_app.outbound.guard import parse_allow

Call = Callable[[], Awaitable[object]]
BODY = '{"full": true}'


async def httpx_own_pool(url: str) -> Call:
    client = httpx.AsyncClient(limits=httpx.Limits(max_connections=None), timeout=None)
    return lambda: client.post(url, content=BODY)


async def httpx_aiohttp(url: str) -> Call:
    limits = httpx.Limits(max_connections=0)  # aiohttp's word for no limit
    client = httpx.AsyncClient(transport=AiohttpTransport(limits=limits), timeout=None)
    return lambda: client.post(url, content=BODY)


async def httpx_aiohttp_single(url: str) -> Call:
    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, force_close=True))
    client = httpx.AsyncClient(transport=AiohttpTransport(client=session), timeout=None)
    return lambda: client.post(url, content=BODY)


async def aiohttp_alone(url: str) -> Call:
    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    async def call() -> None:
        async with session.post(url, data=BODY) as response:
            await response.read()

    return call


async def aiohttp_single(url: str) -> Call:
    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, force_close=True))

    async def call() -> None:
        async with session.post(url, data=BODY) as response:
            await response.read()

    return call


async def caller_get(url: str) -> Call:
    return _caller(HttpAction(method="GET", url=url, timeout=timedelta(seconds=60)))


async def caller_post(url: str) -> Call:
    return _caller(HttpAction(method="POST", url=url, body=BODY, timeout=timedelta(seconds=60)))


def _caller(action: HttpAction) -> Call:
    caller = Caller(rules=parse_allow("127.0.0.1"), user_agent="bench")
    extra = {"X-Cronpp-Run-Id": "1", "Idempotency-Key": "1"}

    async def call() -> None:
        result = await caller.call(action, extra_headers=extra)
        if not result.ok:
            raise RuntimeError(result.error)

    return call


CLIENTS = {
    client.__name__: client
    for client in (
        aiohttp_alone,
        aiohttp_single,
        httpx_aiohttp,
        httpx_aiohttp_single,
        httpx_own_pool,
        caller_get,
        caller_post,
    )
}


async def measure(name: str, url: str, *, in_flight: int, requests: int) -> None:
    """Print CPU microseconds and wall microseconds per request of one client as JSON."""
    call = await CLIENTS[name](url)
    left = iter(range(requests))

    async def lane() -> None:
        for _ in left:
            await call()

    await asyncio.gather(*(call() for _ in range(min(in_flight, 50))))
    wall, cpu = time.perf_counter(), _cpu_seconds()
    await asyncio.gather(*(lane() for _ in range(in_flight)))
    cpu, wall = _cpu_seconds() - cpu, time.perf_counter() - wall
    print(json.dumps({"cpu_us": cpu / requests * 1e6, "wall_us": wall / requests * 1e6}))


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def compare(options: argparse.Namespace) -> None:
    """Print a table: one line per client, medians over the rounds."""
    names = options.clients or list(CLIENTS)
    measured: dict[tuple[str, int], list[dict[str, float]]] = {}
    for _ in range(options.rounds):
        for name in names:
            for in_flight in options.in_flight:
                # httpx's own pool takes minutes for what the others do in seconds
                requests = options.requests // (10 if name == "httpx_own_pool" else 1)
                command = [sys.executable, __file__, options.url, "--measure", name]
                command += ["--in-flight", str(in_flight), "--requests", str(requests)]
                output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                measured.setdefault((name, in_flight), []).append(json.loads(output))
    print(f"{'client':22}" + "".join(f"{n:>8} in flight (wall)" for n in options.in_flight))
    for name in names:
        cells = [measured[name, in_flight] for in_flight in options.in_flight]
        print(f"{name:22}" + "".join(_cell(cell) for cell in cells))


def _cell(rounds: list[dict[str, float]]) -> str:
    cpu = statistics.median(one["cpu_us"] for one in rounds)
    wall = statistics.median(one["wall_us"] for one in rounds)
    return f"{cpu:>11.0f} µs ({wall:>5.0f})   "


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("url")
    parser.add_argument("--requests", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--in-flight", type=int, nargs="+", default=[10, 100, 500])
    parser.add_argument("--clients", nargs="+", choices=list(CLIENTS))
    parser.add_argument("--measure", choices=list(CLIENTS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.measure:
        compare(options)
        return
    work = measure(
        options.measure, options.url, in_flight=options.in_flight[0], requests=options.requests
    )
    run_in_event_loop(work)


if __name__ == "__main__":
    main()
