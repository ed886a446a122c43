"""The figures of the jobs page: tiles, bars, what comes next, counts of the filters."""

from collections.abc import Callable, Mapping, Sequence

from components.job_rows import method_of
from components.markup import box
from components.runs_chart import HourBar, RunsChart
from components.tiles import Figures, Tiles
from components.up_next import Upcoming, UpNext
from components.words import epoch_ms
from cronpp_app.domain.jobs import Job, JobStatus
from cronpp_app.services.overview import Overview
from pages.visitor import Visitor, gathered

_SHOWN_NEXT = 4


class JobsFigures:
    """Draws the figures; tells the counts by filter to `on_counts` each time."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self.on_counts: Callable[[Mapping[str, int]], None] | None = None

    async def draw(self) -> None:
        """Draw the figures of this moment."""
        overview, upcoming = await self._ask()
        self._tiles = Tiles(_figures(overview))
        with box("cx-two"):
            self._chart = RunsChart(_bars(overview), timezone=self._visitor.user.timezone)
            self._next = UpNext(_upcoming(upcoming))
        self.counts = _counts(overview)

    async def refresh(self) -> None:
        """Show the figures of this moment."""
        overview, upcoming = await self._ask()
        if self._visitor.client.is_deleted:
            return
        self._tiles.show(_figures(overview))
        self._chart.show(_bars(overview))
        self._next.show(_upcoming(upcoming))
        if self.on_counts:
            self.on_counts(_counts(overview))

    async def _ask(self) -> tuple[Overview, Sequence[Job]]:
        overviews, user = self._visitor.services.overviews, self._visitor.user
        overview, upcoming = await gathered(
            overviews.of(user), overviews.up_next(user, limit=_SHOWN_NEXT)
        )
        return overview, upcoming


def _figures(overview: Overview) -> Figures:
    counts = overview.counts
    waiting = counts[JobStatus.PENDING]
    return Figures(
        active=waiting + counts[JobStatus.RUNNING] + counts[JobStatus.RETRYING],
        paused=counts[JobStatus.PAUSED],
        running=counts[JobStatus.RUNNING],
        retrying=counts[JobStatus.RETRYING],
        runs=overview.runs_24h,
        failed=overview.failed_24h,
        success_rate=overview.success_rate,
        lateness_p50_ms=overview.lateness_p50_ms,
        lateness_p95_ms=overview.lateness_p95_ms,
        failing=overview.failing,
    )


def _bars(overview: Overview) -> list[HourBar]:
    return [
        HourBar(start=hour.start, succeeded=hour.succeeded, failed=hour.failed)
        for hour in overview.hours
    ]


def _upcoming(jobs: Sequence[Job]) -> list[Upcoming]:
    return [
        Upcoming(
            job_id=job.id,
            name=job.definition.name,
            method=method_of(job),
            at_ms=epoch_ms(job.next_run_time),
        )
        for job in jobs
    ]


def _counts(overview: Overview) -> dict[str, int]:
    by_status = {status.value: number for status, number in overview.counts.items()}
    return by_status | {"": sum(by_status.values()), "failing": overview.failing}
