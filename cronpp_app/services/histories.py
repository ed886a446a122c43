"""The past in pictures, and the day to come."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from cronpp_app.clock import utc_now
from cronpp_app.domain.jobs import Job
from cronpp_app.domain.load import Load, load_by_minute
from cronpp_app.domain.runs import Run
from cronpp_app.domain.zones import load_zone
from cronpp_app.services.accounts import User
from cronpp_app.store.history import HistoryStore, RunMark

__all__ = ["DayCount", "Histories", "Load", "RunMark", "Stretch"]

WEEKS = 53
# Pictures are worth this much reading; of more runs the newest are shown, and it is said so.
_RUNS_OF_A_YEAR = 100_000
_RUNS_OF_A_STRETCH = 10_000
_RUNS_LOOKED_BACK = 500
_JOBS_AHEAD = 20_000
_FIRES_AHEAD = 60_000
_DAY_MINUTES = 1_440
_HOUR, _QUARTER = 60, 15


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCount:
    """The runs of one job that were due on one day of somebody's calendar."""

    day: date
    runs: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Runs that were due from `since` to `until`, the newest first; all of them, or the newest."""

    since: datetime
    until: datetime
    marks: tuple[RunMark, ...]
    is_complete: bool


class Histories:
    """Pictures of people's runs; the first argument says who asks."""

    def __init__(self, store: HistoryStore, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._store = store
        self._clock = clock

    async def year(self, user: User, job: Job) -> tuple[DayCount, ...]:
        """Return the days of the past 53 weeks on which `job` of this user was due, in order.

        Days are those of the user's zone; of more than 100,000 runs the newest are counted.
        """
        if job.user_id != user.id:
            return ()
        zone = load_zone(user.timezone)
        now = self._clock().astimezone(zone)
        since = now - timedelta(weeks=WEEKS)
        offset = now.utcoffset() or timedelta()
        bin_minutes = _QUARTER if offset % timedelta(hours=1) else _HOUR
        runs, failed = [
            await count(job, since=since, bin_minutes=bin_minutes, limit=_RUNS_OF_A_YEAR)
            for count in (self._store.runs_by_bin, self._store.failures_by_bin)
        ]
        by_day = [_by_day(counts, zone) for counts in (runs, failed)]
        return tuple(
            DayCount(day=day, runs=number, failed=by_day[1][day])
            for day, number in sorted(by_day[0].items())
        )

    async def last_good(self, user: User, run: Run) -> Run | None:
        """Return the run of the same job before `run` that succeeded last, within 500 runs."""
        if run.user_id != user.id:
            return None
        return await self._store.last_good(run, among=_RUNS_LOOKED_BACK)

    async def stretch(self, user: User, span: timedelta) -> Stretch:
        """Return the runs that were due within the past `span`, of very many the newest."""
        now = self._clock()
        marks = await self._store.stretch(
            user.id, since=now - span, until=now, limit=_RUNS_OF_A_STRETCH + 1
        )
        return Stretch(
            since=now - span,
            until=now,
            marks=tuple(marks[:_RUNS_OF_A_STRETCH]),
            is_complete=len(marks) <= _RUNS_OF_A_STRETCH,
        )

    async def day_ahead(self, user: User) -> Load:
        """Return the load of the coming 24 hours by minute."""
        since = self._clock().replace(second=0, microsecond=0)
        until = since + timedelta(minutes=_DAY_MINUTES)
        schedules = await self._store.coming(user.id, until=until, limit=_JOBS_AHEAD)
        # Up to a second of arithmetic: others are served meanwhile.
        return await asyncio.to_thread(
            load_by_minute,
            schedules,
            since=since,
            minutes=_DAY_MINUTES,
            most_fires=_FIRES_AHEAD,
        )


def _by_day(counts: dict[datetime, int], zone: tzinfo) -> Counter[date]:
    days: Counter[date] = Counter()
    for start, number in counts.items():
        days[start.astimezone(zone).date()] += number
    return days
