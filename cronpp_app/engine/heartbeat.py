"""The heartbeat: a URL of the operator's, called once a minute while the engine is healthy.

Whoever watches that URL learns of everything that keeps runs from happening, because silence
says it: no worker, no database, no majority, no network, a backlog.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cronpp_app.engine.database_clock import DatabaseClock
from cronpp_app.store.heartbeats import HeartbeatStore

log = logging.getLogger("cronpp.worker")

# More than a worker's death costs (15 to 20 s), as little as an operator wants to sleep through.
OLDEST_DUE: Final = timedelta(minutes=2)
# Firing rests at most a minute (CRONPP_POLL_SECONDS) between two looks.
FIRED_WITHIN: Final = timedelta(minutes=2)
# The engine goes by the database's clock; one that disagrees with ours fires at wrong times.
CLOCKS_DIFFER: Final = timedelta(minutes=1)
# After a call that failed, another worker has this long to do better.
STAND_BACK: Final = timedelta(seconds=30)

Call = Callable[[], Awaitable[str | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class VitalSigns:
    """Where to look for the engine's health; moments are the database's but for `wall_clock`."""

    server_time: Callable[[], Awaitable[datetime]]
    wall_clock: Callable[[], datetime]
    oldest_due: Callable[[datetime], Awaitable[datetime | None]]
    looked_at: Callable[[], datetime | None]

    async def ailment(self) -> str | None:
        """Return what is wrong with the engine, or None; raise if the database does not answer."""
        now = await self.server_time()
        difference = abs(now - self.wall_clock())
        if difference > CLOCKS_DIFFER:
            return f"the clocks of database and worker differ by {_seconds(difference)}"
        looked_at = self.looked_at()
        if looked_at is None or now - looked_at > FIRED_WITHIN:
            return "this worker does not fire"
        oldest = await self.oldest_due(now)
        if oldest is not None and now - oldest > OLDEST_DUE:
            return f"something has been due for {_seconds(now - oldest)}"
        return None


class Heartbeat:
    """Calls the URL if it is this worker's turn and nothing is wrong."""

    def __init__(
        self, turns: HeartbeatStore, signs: VitalSigns, clock: DatabaseClock, *, call: Call
    ) -> None:
        self._turns = turns
        self._signs = signs
        self._clock = clock
        self._call = call
        self._stands_back_until: datetime | None = None
        self._told: str | None = None

    async def step(self) -> None:
        """Look once; whoever asks every few seconds has the URL called once a minute."""
        now = self._clock.now()
        if self._stands_back_until is not None and now < self._stands_back_until:
            return
        if not await self._turns.is_open():
            return
        ailment = await self._signs.ailment()
        self._tell(ailment)
        # Taking the turn is the last sign of health: a write that a majority confirms.
        if ailment is None and await self._turns.take():
            await self._beat(now)

    async def _beat(self, now: datetime) -> None:
        failure = await self._call()
        if failure is not None:
            log.warning("heartbeat not delivered", extra={"reason": failure})
            self._stands_back_until = now + STAND_BACK
            await self._turns.give_back()

    def _tell(self, ailment: str | None) -> None:
        """Log that the heartbeat stops or goes on, not every time that it is looked at."""
        if ailment is not None and self._told is None:
            log.warning("heartbeat withheld", extra={"reason": ailment})
        if ailment is None and self._told is not None:
            log.info("heartbeat goes on")
        self._told = ailment


def _seconds(span: timedelta) -> str:
    return f"{span.total_seconds():.0f} s"
