"""How everything is doing, at a glance."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from cronpp_app.clock import monotonic, utc_now
from cronpp_app.domain.jobs import Job, JobStatus
from cronpp_app.services.accounts import User
from cronpp_app.store.job_filters import JobFilter
from cronpp_app.store.jobs import JobStore
from cronpp_app.store.ledger import HourTally, Ledger
from cronpp_app.store.workers import WorkerInfo, WorkerStore

__all__ = ["Attention", "HourCount", "Overview", "Overviews", "WorkerInfo"]

_HOURS = 24
_FRESH_SECONDS = 5.0
_REMEMBERED_USERS = 1_000
_LATENESS_SAMPLE = 5_000
_MOST_FAILING = 10_000
_HOUR = timedelta(hours=1)
OVERDUE = timedelta(seconds=30)
# A worker may record a result a little after the hour in which it finished.
_SETTLES_AFTER = timedelta(minutes=2)

HourCount = HourTally


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """A user's jobs by status, and the runs that finished in each of the last 24 hours.

    `in_flight` counts jobs with a running attempt, `failing` enabled jobs whose latest runs
    failed. `hours` begin at full hours, the oldest first, the present one last; lateness is
    that of the newest 5,000 runs of this time. What nothing is known about is None.
    """

    counts: Mapping[JobStatus, int]
    in_flight: int
    failing: int
    hours: tuple[HourCount, ...]
    runs_24h: int
    failed_24h: int
    success_rate: float | None
    lateness_p50_ms: int | None
    lateness_p95_ms: int | None
    lateness_p99_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """Jobs that somebody should look at.

    `failing` are enabled jobs whose latest runs failed, the worst first; `overdue` those whose
    fire time no worker has noticed for half a minute; `stopped` those that Cron++ paused.
    """

    failing: tuple[Job, ...]
    overdue: tuple[Job, ...]
    stopped: tuple[Job, ...]


class Overviews:
    """Statistics of people's jobs and runs; the first argument says who asks."""

    def __init__(
        self,
        jobs: JobStore,
        ledger: Ledger,
        workers: WorkerStore,
        *,
        clock: Callable[[], datetime] = utc_now,
        fresh_seconds: float = _FRESH_SECONDS,
    ) -> None:
        self._jobs = jobs
        self._ledger = ledger
        self._workers = workers
        self._clock = clock
        self._fresh_seconds = fresh_seconds
        self._known: OrderedDict[str, tuple[float, Overview]] = OrderedDict()

    async def of(self, user: User) -> Overview:
        """Return how this user's jobs are doing, at most 5 s old."""
        counted_at, known = self._known.get(user.id, (0.0, None))
        if known is not None and monotonic() - counted_at < self._fresh_seconds:
            return known
        overview = await self._count(user.id, known)
        self._known.pop(user.id, None)
        self._known[user.id] = (monotonic(), overview)
        if len(self._known) > _REMEMBERED_USERS:
            self._known.popitem(last=False)
        return overview

    async def up_next(self, user: User, *, limit: int = 5) -> tuple[Job, ...]:
        """Return the jobs that fire next, the soonest first."""
        return tuple(await self._jobs.upcoming(user.id, limit=limit))

    async def needs_attention(self, user: User, *, limit: int = 5) -> tuple[Job, ...]:
        """Return the enabled jobs that failed most often in a row, the worst first."""
        return tuple(await self._jobs.worst(user.id, limit=limit))

    async def attention(self, user: User, *, limit: int = 5) -> Attention:
        """Return what this user should look at, at most `limit` jobs for each reason."""
        overdue_since = self._clock() - OVERDUE
        return Attention(
            failing=tuple(await self._jobs.worst(user.id, limit=limit)),
            overdue=tuple(await self._jobs.overdue(user.id, before=overdue_since, limit=limit)),
            stopped=tuple(await self._jobs.stopped(user.id, limit=limit)),
        )

    async def workers(self) -> tuple[WorkerInfo, ...]:
        """Return the workers seen in the last 30 s."""
        return await self._workers.seen()

    async def _count(self, user_id: str, known: Overview | None) -> Overview:
        now = self._clock()
        since = _full_hour(now) - (_HOURS - 1) * _HOUR
        hours = await self._hours(user_id, since=since, now=now, known=known)
        counts = await self._jobs.count_by_status(user_id)
        failing = JobFilter(user_id=user_id, failing=True)
        late = sorted(
            await self._ledger.lateness(
                user_id, since=since, until=now + _HOUR, limit=_LATENESS_SAMPLE
            )
        )
        failed = sum(hour.failed for hour in hours)
        runs = failed + sum(hour.succeeded for hour in hours)
        return Overview(
            counts=counts,
            in_flight=counts[JobStatus.RUNNING],
            failing=await self._jobs.count(failing, limit=_MOST_FAILING),
            hours=hours,
            runs_24h=runs,
            failed_24h=failed,
            success_rate=(runs - failed) / runs if runs else None,
            lateness_p50_ms=percentile(late, 50),
            lateness_p95_ms=percentile(late, 95),
            lateness_p99_ms=percentile(late, 99),
        )

    async def _hours(
        self, user_id: str, *, since: datetime, now: datetime, known: Overview | None
    ) -> tuple[HourCount, ...]:
        """Return the 24 hours from `since`; those that are over are counted once only."""
        settled = {
            hour.start: hour
            for hour in (known.hours if known else ())[:-1]
            if hour.start + _HOUR + _SETTLES_AFTER < now - timedelta(seconds=self._fresh_seconds)
        }
        starts = [since + n * _HOUR for n in range(_HOURS)]
        open_from = next((start for start in starts if start not in settled), starts[-1])
        tallies = await self._ledger.tally(user_id, since=open_from, until=now + _HOUR)
        counted = {tally.start: tally for tally in tallies} | settled
        return tuple(
            counted.get(start, HourCount(start=start, succeeded=0, failed=0)) for start in starts
        )


def percentile(values: Sequence[int], percent: int) -> int | None:
    """Return the nearest-rank percentile of sorted `values`, or None if there are none."""
    if not values:
        return None
    return values[max(0, ceil(len(values) * percent / 100) - 1)]


def _full_hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
