"""Schedules: the rules that yield fire times. Values that never change when asked."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from cronpp_app.domain.cron import parse_cron
from cronpp_app.domain.cron_counts import count_cron_fires
from cronpp_app.domain.cron_fires import next_cron_fire
from cronpp_app.domain.descriptions import describe
from cronpp_app.domain.schedule_kinds import (
    CronSchedule,
    IntervalSchedule,
    OnceSchedule,
    Schedule,
)
from cronpp_app.domain.schedule_notes import preview_notes

__all__ = [
    "CronSchedule",
    "IntervalSchedule",
    "OnceSchedule",
    "Schedule",
    "count_fires",
    "describe",
    "fires_after",
    "latest_fire",
    "next_fire",
    "preview_notes",
    "start_offset",
]

_MS = timedelta(milliseconds=1)


def next_fire(schedule: Schedule, *, after: datetime) -> datetime | None:
    """Return the first fire time strictly after `after`, aware UTC, or None if there is none."""
    match schedule:
        case CronSchedule():
            return _next_cron(schedule, after)
        case IntervalSchedule():
            return _next_interval(schedule, after)
        case OnceSchedule():
            return schedule.run_at if schedule.run_at > after else None


def fires_after(schedule: Schedule, *, after: datetime) -> Iterator[datetime]:
    """Yield the fire times strictly after `after`, in order, each found when asked for."""
    fire = next_fire(schedule, after=after)
    while fire is not None:
        yield fire
        fire = next_fire(schedule, after=fire)


def latest_fire(schedule: Schedule, *, since: datetime, until: datetime) -> datetime | None:
    """Return the last fire time in (since, until], or None; the length of the span costs nothing.

    Looks back from `until` in doubling windows for one that holds a fire time, then halves it.
    """
    if since >= until:
        return None
    if isinstance(schedule, IntervalSchedule):
        return _latest_interval(schedule, since, until)
    window = timedelta(seconds=1)
    fire = _first_in(schedule, max(since, until - window), until)
    while fire is None and until - window > since:
        window *= 2
        fire = _first_in(schedule, max(since, until - window), until)
    return fire and _last_between(schedule, fire, until)


def count_fires(schedule: Schedule, *, after: datetime, until: datetime, limit: int) -> int:
    """Return how many fire times lie in (after, until], but no more than `limit`.

    By arithmetic: the cost does not grow with the number of fire times.
    """
    if isinstance(schedule, IntervalSchedule):
        return max(0, min(limit, _count_interval(schedule, after, until)))
    if isinstance(schedule, OnceSchedule):
        return min(limit, int(after < schedule.run_at <= until))
    return _count_cron(schedule, after, until, limit)


def start_offset(schedule: Schedule, *, job_id: str, fire_time: datetime) -> timedelta:
    """Return how long after `fire_time` the run of a job is due: whole ms, below its jitter.

    Drawn from a hash of job and fire time, so that every worker arrives at the same answer.
    """
    if not isinstance(schedule, CronSchedule) or schedule.jitter_seconds == 0:
        return timedelta(0)
    key = f"{job_id} {round(fire_time.timestamp() * 1000)}".encode()
    draw = int.from_bytes(blake2b(key, digest_size=8).digest())
    return timedelta(milliseconds=draw % (schedule.jitter_seconds * 1000))


def _next_cron(schedule: CronSchedule, after: datetime) -> datetime | None:
    after = _not_before_start(schedule, after)
    found = next_cron_fire(parse_cron(schedule.cron), schedule.timezone, after=_naive(after))
    fire = found and found.replace(tzinfo=UTC)
    if fire is None or (schedule.end_at is not None and fire > schedule.end_at):
        return None
    return fire


def _count_cron(schedule: CronSchedule, after: datetime, until: datetime, limit: int) -> int:
    after = _not_before_start(schedule, after)
    until = until if schedule.end_at is None else min(until, schedule.end_at)
    if after >= until:
        return 0
    cron, zone = parse_cron(schedule.cron), schedule.timezone
    return count_cron_fires(cron, zone, after=_naive(after), until=_naive(until), limit=limit)


def _not_before_start(schedule: CronSchedule, after: datetime) -> datetime:
    return after if schedule.start_at is None else max(after, schedule.start_at - _MS)


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def _next_interval(schedule: IntervalSchedule, after: datetime) -> datetime | None:
    steps = max(0, (after - schedule.start_at) // schedule.every + 1)
    fire = schedule.start_at + steps * schedule.every
    if schedule.end_at is not None and fire > schedule.end_at:
        return None
    return fire


def _latest_interval(
    schedule: IntervalSchedule, since: datetime, until: datetime
) -> datetime | None:
    last = until if schedule.end_at is None else min(until, schedule.end_at)
    if last < schedule.start_at:
        return None
    fire = schedule.start_at + (last - schedule.start_at) // schedule.every * schedule.every
    return fire if fire > since else None


def _count_interval(schedule: IntervalSchedule, after: datetime, until: datetime) -> int:
    last = until if schedule.end_at is None else min(until, schedule.end_at)
    passed = max(-1, (after - schedule.start_at) // schedule.every)
    return max(-1, (last - schedule.start_at) // schedule.every) - passed


def _first_in(schedule: Schedule, since: datetime, until: datetime) -> datetime | None:
    fire = next_fire(schedule, after=since)
    return fire if fire is not None and fire <= until else None


def _last_between(schedule: Schedule, fire: datetime, until: datetime) -> datetime:
    """Return the last fire time up to `until`, given an earlier one, by halving what is between."""
    low, high = fire, until
    while (following := _first_in(schedule, low, until)) is not None:
        middle = low + (high - low) / 2
        later = _first_in(schedule, middle, until)
        if later is None:
            low, high = following, middle
        else:
            low = later
    return low
