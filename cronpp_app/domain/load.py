"""How many runs the coming time brings, minute by minute."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

from cronpp_app.domain.cron import ALIASES
from cronpp_app.domain.schedules import CronSchedule, Schedule, count_fires, fires_after

_MINUTE = timedelta(minutes=1)
_MINUTES_OF_HOUR = 60
# Fewer runs in a minute are no crowd.
_CROWD = 10
# The place of the minute among five fields, and among six, counted from the end.
_MINUTE_FIELD = -5


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Runs by minute, counted from the full minute `since`; minutes without runs are absent.

    `counted_jobs` of `jobs` are in it: counting stops when it has cost enough.
    """

    since: datetime
    minutes: dict[int, int]
    jobs: int
    counted_jobs: int

    def most_crowded(self, limit: int) -> list[tuple[datetime, int]]:
        """Return the minutes with the most runs and how many, the most crowded first."""
        ranked = sorted(self.minutes.items(), key=lambda entry: (-entry[1], entry[0]))
        return [(self.since + minute * _MINUTE, runs) for minute, runs in ranked[:limit]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalmerMinute:
    """A quieter `minute` of the hour for a cron, and the expression with it.

    `crowd` runs are due in the fullest minute that the cron fires in, and `calm` would be.
    """

    minute: int
    cron: str
    crowd: int
    calm: int


def calmer_minute(load: Load, schedule: CronSchedule) -> CalmerMinute | None:
    """Return a minute at which `schedule` would meet at most half as many runs within `load`.

    Only for a cron that fires at one minute of its hours, so that hours and days stay as they
    are; None if that minute is no crowd, or the others are hardly better.
    """
    normal = " ".join(schedule.cron.split())
    fields = ALIASES.get(normal.lower(), normal).split(" ")
    if not fields[_MINUTE_FIELD].isdigit():
        return None
    minute = int(fields[_MINUTE_FIELD])
    until = load.since + timedelta(days=1)
    fires = fires_after(schedule, after=load.since - timedelta(milliseconds=1))
    places = {
        (fire - load.since) // _MINUTE for fire in takewhile(lambda fire: fire < until, fires)
    }

    def fullest(other: int) -> int:
        return max((load.minutes.get(place + other - minute, 0) for place in places), default=0)

    calm, best = min((fullest(other), other) for other in range(_MINUTES_OF_HOUR))
    crowd = fullest(minute)
    if crowd < _CROWD or 2 * calm > crowd:
        return None
    fields[_MINUTE_FIELD] = str(best)
    return CalmerMinute(minute=best, cron=" ".join(fields), crowd=crowd, calm=calm)


def load_by_minute(
    schedules: Iterable[tuple[Schedule, int]], *, since: datetime, minutes: int, most_fires: int
) -> Load:
    """Return the load of `minutes` from the full minute `since` on.

    `schedules` are each shared by so many jobs; once `most_fires` fire times have been looked
    at, the jobs of the schedules that are left are not counted.
    """
    until = since + minutes * _MINUTE - timedelta(milliseconds=1)
    before = since - timedelta(milliseconds=1)
    found: Counter[int] = Counter()
    jobs = counted_jobs = 0
    left = most_fires
    for schedule, number in schedules:
        jobs += number
        # Counting costs nothing beside naming each time, so what is too much is known before.
        times = count_fires(schedule, after=before, until=until, limit=left + 1)
        if times > left:
            continue
        left -= times
        counted_jobs += number
        fires = takewhile(lambda fire: fire <= until, fires_after(schedule, after=before))
        for fire in fires:
            found[(fire - since) // _MINUTE] += number
    return Load(since=since, minutes=dict(found), jobs=jobs, counted_jobs=counted_jobs)
