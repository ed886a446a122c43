"""The pictures on a job's page: its year, and how long it took lately."""

from collections.abc import Callable
from typing import Any

from components.duration_chart import DurationChart, Took
from components.year_map import Day, YearMap
from cronpp_app.clock import utc_now
from cronpp_app.domain.jobs import Job
from cronpp_app.domain.runs import RunStatus
from cronpp_app.domain.zones import load_zone
from cronpp_app.services.accounts import User
from cronpp_app.services.runs import RunQuery
from pages.visitor import Visitor

_MOST = 100
_COUNTED = frozenset({RunStatus.SUCCESS, RunStatus.FAILED})


class JobCharts:
    """Draws bones at once, and the pictures when `refresh` is called."""

    def __init__(self, visitor: Visitor, *, on_day: Callable[[str], Any]) -> None:
        self._visitor = visitor
        self._year = YearMap(on_day=on_day)
        self._durations = DurationChart()

    async def refresh(self, user: User, job: Job) -> None:
        """Show the pictures of this moment."""
        services, zone = self._visitor.services, load_zone(user.timezone)
        days = await services.histories.year(user, job)
        query = RunQuery(job_id=job.id, limit=_MOST)
        runs = (await services.runs.search(user, query)).items
        if self._visitor.client.is_deleted:
            return
        self._year.show(
            [Day(day=count.day, runs=count.runs, failed=count.failed) for count in days],
            today=utc_now().astimezone(zone).date(),
        )
        self._durations.show(
            [
                Took(
                    duration_ms=run.duration_ms,
                    failed=run.status is RunStatus.FAILED,
                    when=f"{run.fire_time.astimezone(zone):%d %b %H:%M:%S}",
                )
                for run in reversed(runs)
                if run.status in _COUNTED and run.duration_ms is not None
            ]
        )
