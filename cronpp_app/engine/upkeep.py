"""Upkeep: what a worker does by timetable, beside its duties."""

import logging
import os
import socket
from collections.abc import Awaitable, Callable

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from cronpp_app import __version__
from cronpp_app.engine.claims import HeldClaims
from cronpp_app.engine.database_clock import DatabaseClock
from cronpp_app.engine.heartbeat import Heartbeat
from cronpp_app.engine.turns import Turns
from cronpp_app.store.abandoned import AbandonedTransactions
from cronpp_app.store.counters import CounterStore
from cronpp_app.store.outages import log_failure
from cronpp_app.store.workers import WorkerInfo, WorkerStore

log = logging.getLogger("cronpp.worker")

BEAT_SECONDS = 10
LOOK_AROUND_SECONDS = 2
SYNC_SECONDS = 20
COUNT_SECONDS = 5
TIDY_SECONDS = 4
_TIDY_AT_A_TIME = 2
HEARTBEAT_LOOK_SECONDS = 10


class Upkeep:
    """Keeps the worker in the registry and its idea of the database's clock true."""

    def __init__(
        self,
        workers: WorkerStore,
        counters: CounterStore,
        clock: DatabaseClock,
        held: HeldClaims,
        turns: Turns,
        abandoned: AbandonedTransactions,
        *,
        worker_id: str,
        heartbeat: Heartbeat | None = None,
    ) -> None:
        self._workers = workers
        self._counters = counters
        self._clock = clock
        self._held = held
        self._turns = turns
        self._abandoned = abandoned
        self._worker_id = worker_id
        self._heartbeat = heartbeat
        self._scheduler = AsyncIOScheduler(timezone="UTC")

    async def start(self) -> None:
        """Do everything once, then by timetable."""
        await self._clock.sync()
        self._started_at = self._clock.now()
        await self._beat()
        await self._look_around()
        for duty, seconds in (
            (self._beat, BEAT_SECONDS),
            (self._look_around, LOOK_AROUND_SECONDS),
            (self._clock.sync, SYNC_SECONDS),
            (self._counters.flush, COUNT_SECONDS),
            (self._tidy, TIDY_SECONDS),
        ):
            self._every(seconds, duty)
        if self._heartbeat is not None:
            self._every(HEARTBEAT_LOOK_SECONDS, self._heartbeat.step)
        self._scheduler.start()

    async def stop(self) -> None:
        """End the timetable and leave the registry.

        The timetable's end cancels what is under way of it, so it comes last: a driver without
        servers may wait for ever in the first call after a cancellation.
        """
        self._scheduler.pause()
        await _logged(self._counters.flush)()
        await _logged(lambda: self._workers.leave(self._worker_id))()
        self._scheduler.shutdown(wait=False)

    def _every(self, seconds: int, duty: Callable[[], Awaitable[None]]) -> None:
        self._scheduler.add_job(
            _logged(duty), "interval", seconds=seconds, max_instances=1, coalesce=True
        )

    async def _beat(self) -> None:
        await self._workers.beat(
            WorkerInfo(
                id=self._worker_id,
                host=socket.gethostname(),
                pid=os.getpid(),
                version=__version__,
                slots=self._held.slots,
                busy=self._held.busy,
                started_at=self._started_at,
                seen_at=self._started_at,
            )
        )

    async def _look_around(self) -> None:
        """Learn who else works, so that the work is shared."""
        self._turns.among([worker.id for worker in await self._workers.seen()])

    async def _tidy(self) -> None:
        """End what others abandoned; about two of all workers look, as one may be dead."""
        if self._turns.is_drawn(about=_TIDY_AT_A_TIME):
            await self._abandoned.end()


def _logged(duty: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        try:
            await duty()
        except Exception as error:
            log_failure(log, "upkeep failed", error)

    return run
