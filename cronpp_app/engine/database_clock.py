"""The database's clock, as read from a worker between two looks at it."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from cronpp_app.clock import cut_to_ms

_SAMPLES = 3


class DatabaseClock:
    """Tells the database's time without asking each time.

    It counts on from the last reading by this machine's monotonic clock, so a wall clock
    that is wrong, or jumps, moves nothing.
    """

    def __init__(
        self, read: Callable[[], Awaitable[datetime]], monotonic: Callable[[], float]
    ) -> None:
        self._read = read
        self._monotonic = monotonic
        self._epoch: datetime | None = None

    async def sync(self) -> None:
        """Read the database's clock anew; the quickest of three answers is the truest."""
        samples = [await self._sample() for _ in range(_SAMPLES)]
        _, self._epoch = min(samples, key=lambda sample: sample[0])

    def now(self) -> datetime:
        """Return the database's present moment, in whole milliseconds.

        Raises RuntimeError before the first `sync`.
        """
        if self._epoch is None:
            raise RuntimeError("the database's clock has not been read yet")
        return cut_to_ms(self._epoch + timedelta(seconds=self._monotonic()))

    async def _sample(self) -> tuple[float, datetime]:
        asked = self._monotonic()
        moment = await self._read()
        answered = self._monotonic()
        return answered - asked, moment - timedelta(seconds=(asked + answered) / 2)
