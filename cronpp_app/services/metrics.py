"""What monitoring is told: sums and states of the whole installation, nothing of anybody's own."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from cronpp_app.clock import monotonic, utc_now
from cronpp_app.domain.jobs import JobStatus
from cronpp_app.store.counters import CounterStore, Histogram, RunCounts
from cronpp_app.store.measures import MeasureStore
from cronpp_app.store.workers import WorkerStore

__all__ = ["Histogram", "Measurements", "Metrics", "RunCounts"]

# Anybody may ask; however often they do, the database is asked this seldom.
_FRESH_SECONDS = 2.0
_JOBS_FRESH_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurements:
    """What is known at a moment; `oldest_due_seconds` is 0 when nothing is overdue."""

    runs: RunCounts
    jobs: Mapping[JobStatus, int]
    workers: int
    slots: int
    slots_busy: int
    backlog: int
    oldest_due_seconds: float


class Metrics:
    """Measurements of the installation."""

    def __init__(
        self,
        counters: CounterStore,
        measures: MeasureStore,
        workers: WorkerStore,
        *,
        clock: Callable[[], datetime] = utc_now,
        fresh_seconds: float = _FRESH_SECONDS,
    ) -> None:
        self._counters = counters
        self._measures = measures
        self._workers = workers
        self._clock = clock
        self._fresh_seconds = fresh_seconds
        self._known: tuple[float, Measurements] | None = None
        self._jobs: tuple[float, Mapping[JobStatus, int]] | None = None
        self._one_at_a_time = asyncio.Lock()

    async def read(self) -> Measurements:
        """Return the measurements, at most 2 s old; jobs by status at most 60 s."""
        async with self._one_at_a_time:
            if self._known is None or monotonic() - self._known[0] >= self._fresh_seconds:
                self._known = monotonic(), await self._measured()
            return self._known[1]

    async def flush(self) -> None:
        """Tell the database what this process has counted."""
        await self._counters.flush()

    async def _measured(self) -> Measurements:
        await self.flush()
        now = self._clock()
        workers = await self._workers.seen()
        oldest = await self._measures.oldest_due(now)
        return Measurements(
            runs=await self._counters.read(),
            jobs=await self._jobs_by_status(),
            workers=len(workers),
            slots=sum(worker.slots for worker in workers),
            slots_busy=sum(worker.busy for worker in workers),
            backlog=await self._measures.backlog(now),
            oldest_due_seconds=(now - oldest).total_seconds() if oldest else 0.0,
        )

    async def _jobs_by_status(self) -> Mapping[JobStatus, int]:
        fresh = min(_JOBS_FRESH_SECONDS, self._fresh_seconds * 30)
        if self._jobs is None or monotonic() - self._jobs[0] >= fresh:
            self._jobs = monotonic(), await self._measures.jobs_by_status()
        return self._jobs[1]
