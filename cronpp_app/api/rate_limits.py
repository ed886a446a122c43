"""How many requests one account, or one address, may make."""

from collections import OrderedDict
from collections.abc import Callable
from math import ceil

from cronpp_app.clock import monotonic
from cronpp_app.errors import TooMany

_REMEMBERED = 10_000


class RateLimit:
    """A bucket of tokens per key: a minute's worth at once, refilled evenly.

    Each web process counts for itself.
    """

    def __init__(self, per_minute: int, *, clock: Callable[[], float] = monotonic) -> None:
        """Allow `per_minute` requests; 0 means that there is no limit."""
        self._per_minute = per_minute
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> None:
        """Count one request of `key`; raise TooMany if it has none left."""
        if self._per_minute == 0:
            return
        now, per_second = self._clock(), self._per_minute / 60
        tokens, filled_at = self._buckets.pop(key, (float(self._per_minute), now))
        tokens = min(self._per_minute, tokens + (now - filled_at) * per_second)
        self._buckets[key] = (tokens - 1 if tokens >= 1 else tokens, now)
        if len(self._buckets) > _REMEMBERED:
            self._buckets.popitem(last=False)
        if tokens < 1:
            wait = max(1, ceil((1 - tokens) / per_second))
            message = f"More than {self._per_minute} requests in a minute; slow down."
            raise TooMany(message, retry_after_seconds=wait)
