"""The figures of the dashboard: tiles, bars, what comes next, what needs a look, workers."""

import asyncio
from collections.abc import Sequence

from components.attention import AttentionList
from components.job_rows import method_of
from components.markup import box
from components.runs_chart import HourBar, RunsChart
from components.tiles import Figures, Tiles
from components.up_next import Upcoming, UpNext
from components.words import epoch_ms
from components.worker_list import WorkerHealth
from cronpp_app.domain.jobs import Job, JobStatus
from cronpp_app.services.overview import Attention, Overview, WorkerInfo
from pages.troubles import SHOWN_TROUBLES, troubles_of
from pages.visitor import Visitor
from pages.workers import worker_rows

_SHOWN_NEXT = 5
Answers = tuple[Overview, Sequence[Job], Attention, Sequence[WorkerInfo]]


class DashboardFigures:
    """Draws the figures of one page, and brings them up to date."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor

    async def draw(self) -> None:
        """Draw the figures of this moment."""
        overview, upcoming, attention, workers = await self._ask()
        self._tiles = Tiles(_figures(overview))
        with box("cx-two"):
            self._chart = RunsChart(_bars(overview), timezone=self._visitor.user.timezone)
            self._next = UpNext(_upcoming(upcoming))
        with box("cx-two"):
            self._attention = AttentionList(*troubles_of(overview, attention, workers))
            self._workers = WorkerHealth(worker_rows(workers))

    async def refresh(self) -> None:
        """Show the figures of this moment."""
        overview, upcoming, attention, workers = await self._ask()
        if self._visitor.client.is_deleted:
            return
        self._tiles.show(_figures(overview))
        self._chart.show(_bars(overview))
        self._next.show(_upcoming(upcoming))
        self._attention.show(*troubles_of(overview, attention, workers))
        self._workers.show(worker_rows(workers))

    async def _ask(self) -> Answers:
        overviews, user = self._visitor.services.overviews, self._visitor.user
        overview, upcoming, attention, workers = await asyncio.gather(
            overviews.of(user),
            overviews.up_next(user, limit=_SHOWN_NEXT),
            overviews.attention(user, limit=SHOWN_TROUBLES),
            overviews.workers(),
        )
        return overview, upcoming, attention, workers


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
