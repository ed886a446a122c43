"""How many runs the coming time brings, minute by minute."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

from cronpp_app.domain.schedules import Schedule, count_fires, fires_after

_MINUTE = timedelta(minutes=1)


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
