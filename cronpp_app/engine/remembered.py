"""Values looked up many at a time, and remembered for a few seconds."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

from cronpp_app.clock import monotonic

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

SECONDS, MOST = 5.0, 10_000


class Remembered(Generic[Key, Value]):
    """Looks up what a worker needs with every attempt: one query for all that ask at once.

    While the database does not answer, what was known goes on to count.
    """

    def __init__(
        self,
        look_up: Callable[[Sequence[Key]], Awaitable[Mapping[Key, Value]]],
        *,
        seconds: float = SECONDS,
    ) -> None:
        self._look_up = look_up
        self._seconds = seconds
        self._known: OrderedDict[Key, tuple[float, Value]] = OrderedDict()
        self._asked: dict[Key, asyncio.Future[Value | None]] = {}
        self._asking: set[asyncio.Task[None]] = set()

    async def get(self, key: Key) -> Value | None:
        """Return the value of `key`, or None if it has none; raise what the look-up raises."""
        known = self._known.get(key)
        if known is not None and monotonic() - known[0] < self._seconds:
            return known[1]
        future = self._asked.get(key)
        if future is None:
            future = asyncio.get_running_loop().create_future()
            self._asked[key] = future
            if len(self._asked) == 1:
                task = asyncio.create_task(self._ask())
                self._asking.add(task)
                task.add_done_callback(self._asking.discard)
        # One attempt's end must not end the look-up of the others.
        return await asyncio.shield(future)

    async def _ask(self) -> None:
        await asyncio.sleep(0)  # whoever begins in this turn of the loop asks with us
        asked, self._asked = self._asked, {}
        try:
            found = await self._look_up(list(asked))
        except Exception as error:
            self._fall_back(asked, error)
            return
        for key, future in asked.items():
            self._remember(key, found.get(key))
            future.set_result(found.get(key))

    def _fall_back(
        self, asked: Mapping[Key, "asyncio.Future[Value | None]"], error: Exception
    ) -> None:
        for key, future in asked.items():
            if key in self._known:
                future.set_result(self._known[key][1])
            else:
                future.set_exception(error)
                future.exception()  # perhaps nobody waits any more; then nobody is to be warned

    def _remember(self, key: Key, value: Value | None) -> None:
        self._known.pop(key, None)
        if value is None:
            return  # somebody may be about to make it; a retry must find it
        self._known[key] = (monotonic(), value)
        if len(self._known) > MOST:
            self._known.popitem(last=False)
