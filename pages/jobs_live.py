"""The jobs page as things happen: rows at once, figures a little later."""

import asyncio
from collections.abc import Iterable

from nicegui import background_tasks

from components.job_rows import job_row
from cronpp_app.domain.jobs import Job
from cronpp_app.errors import NotFound
from cronpp_app.services.accounts import User
from pages.jobs_figures import JobsFigures
from pages.jobs_view import JobsView
from pages.visitor import Visitor, gathered

_FIGURES_AFTER_SECONDS = 1.0
# The services count at most this often; asking once more then shows the end of a flurry.
_COUNTED_EVERY_SECONDS = 5.0
_MOST_STRANGERS = 20


class JobsLive:
    """Brings list and figures of one page up to date."""

    def __init__(self, visitor: Visitor, view: JobsView, figures: JobsFigures) -> None:
        self._visitor = visitor
        self._view = view
        self._figures = figures
        self._is_counting = self._count_again = False

    async def on_batch(self, job_ids: frozenset[str]) -> None:
        """Bring up to date what these jobs are seen in; all if there are none."""
        user = await self._visitor.me()
        if job_ids:
            await self._refresh(user, job_ids)
        else:
            await self._view.load(user)
        self.count_soon()

    def count_soon(self) -> None:
        """Bring the figures up to date in a moment, once for many changes."""
        self._count_again = True
        if not self._is_counting:
            self._is_counting = True
            background_tasks.create(self._count(), name="figures of a page")

    async def _refresh(self, user: User, job_ids: frozenset[str]) -> None:
        shown = {row["id"] for row in self._view.table.rows} & job_ids
        jobs = await self._jobs(user, shown)
        came_or_went = len(jobs) < len(shown) or self._view.wanted.status
        if came_or_went or await self._any_new(user, job_ids - shown):
            await self._view.load(user)
        else:
            self._view.table.patch([job_row(job) for job in jobs])

    async def _any_new(self, user: User, strangers: frozenset[str]) -> bool:
        """Return whether a job came that belongs on this page."""
        if not strangers or self._view.next_cursor is None:
            return bool(strangers)
        # Beyond a full page others fire all the time; only one that was just made may push in.
        jobs = await self._jobs(user, list(strangers)[:_MOST_STRANGERS])
        return any(job.version == 1 and not job.recent for job in jobs)

    async def _jobs(self, user: User, job_ids: Iterable[str]) -> list[Job]:
        found = await gathered(*(self._job(user, job_id) for job_id in job_ids))
        return [job for job in found if job is not None]

    async def _job(self, user: User, job_id: str) -> Job | None:
        try:
            return await self._visitor.services.jobs.get(user, job_id)
        except NotFound:
            return None

    async def _count(self) -> None:
        try:
            await asyncio.sleep(_FIGURES_AFTER_SECONDS)
            while self._count_again and not self._visitor.client.is_deleted:
                self._count_again = False
                await self._figures.refresh()
                await asyncio.sleep(_COUNTED_EVERY_SECONDS)
                await self._figures.refresh()
        finally:
            self._is_counting = False
