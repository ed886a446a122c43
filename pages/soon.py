"""Doing something a moment after it was asked for, once for many times."""

import asyncio
from collections.abc import Awaitable, Callable

from nicegui import background_tasks

from pages.visitor import Visitor

_AFTER_SECONDS = 1.0
# The services count at most this often; asking once more then shows the end of a flurry.
_COUNTED_EVERY_SECONDS = 5.0


class Soon:
    """Calls `refresh` soon after `ask`, and once more when what it shows has settled."""

    def __init__(self, visitor: Visitor, refresh: Callable[[], Awaitable[None]]) -> None:
        self._client = visitor.client
        self._refresh = refresh
        self._is_busy = self._is_asked = False

    def ask(self) -> None:
        """Ask for a refresh; asking again before it is done costs nothing."""
        self._is_asked = True
        if not self._is_busy:
            self._is_busy = True
            background_tasks.create(self._follow(), name="figures of a page")

    async def _follow(self) -> None:
        try:
            await asyncio.sleep(_AFTER_SECONDS)
            while self._is_asked and not self._client.is_deleted:
                self._is_asked = False
                await self._refresh()
                await asyncio.sleep(_COUNTED_EVERY_SECONDS)
                if not self._client.is_deleted:
                    await self._refresh()
        finally:
            self._is_busy = False
