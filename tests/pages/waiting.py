"""Waiting for what a page does by itself, after the event that starts it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

Seen = TypeVar("Seen")


async def until(reached: Callable[[], bool]) -> None:
    """Wait until something is so; fail after half a minute."""

    async def look() -> bool:
        return reached()

    await sight_of(look)


async def sight_of(look: Callable[[], Awaitable[Seen]]) -> Seen:
    """Return the first thing that `look` sees; fail after half a minute."""
    async with asyncio.timeout(30):
        while not (seen := await look()):  # noqa: ASYNC110 - the change is made elsewhere
            await asyncio.sleep(0.02)
    return seen
