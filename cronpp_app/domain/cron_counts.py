"""How often a cron expression fires in a span: by arithmetic over whole days, not one by one."""

from bisect import bisect_left
from datetime import datetime, time, timedelta

from cronpp_app.domain.cron import CronExpression
from cronpp_app.domain.cron_days import next_day
from cronpp_app.domain.cron_fires import catches_up, first_wall_of
from cronpp_app.domain.zones import periods_from

_ONE_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


def count_cron_fires(
    cron: CronExpression, zone: str, *, after: datetime, until: datetime, limit: int
) -> int:
    """Return how many fire times of `cron` in `zone` lie in (after, until], naive UTC.

    Counting stops at `limit`.
    """
    earliest = after.replace(microsecond=0) + _SECOND
    end = until.replace(microsecond=0) + _SECOND
    count = 0
    for period in periods_from(zone, earliest):
        if period.starts_at >= end or count >= limit:
            break
        lower = first_wall_of(cron, period, earliest)
        upper = min(period.ends_at, end) + period.offset
        count += count_walls(cron, since=lower, until=upper, limit=limit - count)
        if catches_up(cron, period, earliest) and not _fires_at(cron, lower):
            count += 1
        earliest = period.ends_at
    return min(count, limit)


def count_walls(cron: CronExpression, *, since: datetime, until: datetime, limit: int) -> int:
    """Return how many naive local times in [since, until) `cron` names; stops past `limit`."""
    if since >= until:
        return 0
    a_day = len(cron.hour.values) * len(cron.minute.values) * len(cron.second.values)
    count = 0
    day = next_day(cron.days, since.date())
    while day is not None and day <= until.date() and count <= limit:
        count += _times_before(cron, until.time()) if day == until.date() else a_day
        if day == since.date():
            count -= _times_before(cron, since.time())
        day = next_day(cron.days, day + _ONE_DAY)
    return count


def _fires_at(cron: CronExpression, wall: datetime) -> bool:
    return count_walls(cron, since=wall, until=wall + _SECOND, limit=1) > 0


def _times_before(cron: CronExpression, moment: time) -> int:
    """Return how many times of a day come before `moment`."""
    hours, minutes, seconds = cron.hour.values, cron.minute.values, cron.second.values
    count = bisect_left(hours, moment.hour) * len(minutes) * len(seconds)
    if moment.hour in hours:
        count += bisect_left(minutes, moment.minute) * len(seconds)
        if moment.minute in minutes:
            count += bisect_left(seconds, moment.second)
    return count
