"""Bells for workers: a short list of rings that every worker reads the end of."""

from collections.abc import AsyncIterator, Mapping
from enum import StrEnum
from typing import Any, Final

from pymongo import CursorType
from pymongo.errors import OperationFailure

from cronpp_app.store.database import Database

# Capped: MongoDB keeps the last ones, and a reader can wait at the end. More than are rung
# while a reader is on its way; who falls behind all the same hears an error and begins anew.
_KEPT: Final = 1_000
_BYTES: Final = 256 * 1024
_ALREADY_THERE: Final = 48
_WAIT_MS: Final = 500


class Notice(StrEnum):
    """What workers are told about."""

    DUE = "due"  # something became due earlier than they know
    CANCEL = "cancel"  # a run was taken from the worker that performs it


async def make_room_for_notices(database: Database) -> None:
    """Create the list of rings if it is missing."""
    name = database.rings.name
    try:
        await database.raw.command("create", name, capped=True, size=_BYTES, max=_KEPT)
    except OperationFailure as error:
        if error.code != _ALREADY_THERE:
            raise


class Notices:
    """Bells for workers.

    Workers wait for what is appended here instead of watching jobs and runs, whose every write
    they would pay for; so they would with a change stream of this list, which reads all that
    is written anywhere. A lost ring costs one poll interval, nothing more.
    """

    def __init__(self, database: Database) -> None:
        self._rings = database.rings

    async def ring(self, notice: Notice = Notice.DUE) -> None:
        """Wake all workers."""
        await self._rings.insert_one({"notice": notice.value})

    async def heard(self) -> AsyncIterator[Notice | None]:
        """Yield every ring, the last ones of before too, and None when it is quiet for a moment.

        Raises PyMongoError when the stream breaks.
        """
        if await self._rings.find_one() is None:
            await self.ring()  # there is no end to wait at
        rings = self._rings.find(cursor_type=CursorType.TAILABLE_AWAIT)
        async with rings.max_await_time_ms(_WAIT_MS) as tail:
            while tail.alive:
                async for ring in tail:
                    yield _notice_of(ring)
                yield None


def _notice_of(ring: Mapping[str, Any]) -> Notice | None:
    """Return what was rung, None if only a newer Cron++ knows it."""
    told = ring["notice"]
    return Notice(told) if told in set(Notice) else None
