"""A caller that may call loopback, and targets for it."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from targets import LOOPBACK, USER_AGENT, Answer, Target, listen

from cronpp_app.outbound.caller import Caller


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    """A caller whose operator allows 127.0.0.1."""
    caller = Caller(rules=LOOPBACK, user_agent=USER_AGENT)
    yield caller
    await caller.aclose()


@pytest.fixture
async def serve() -> AsyncIterator[Callable[..., Awaitable[Target]]]:
    """Start targets on loopback; they end with the test."""
    servers: list[Any] = []

    async def start(answer: Answer, *, tls: ssl.SSLContext | None = None) -> Target:
        target, server = await listen(answer, tls=tls)
        servers.append(server)
        return target

    yield start
    for server in servers:
        server.close()
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        if "serve" in getattr(task.get_coro(), "__qualname__", ""):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
