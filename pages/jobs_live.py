"""The jobs page as things happen: rows at once, the filters' numbers a little later."""

from collections.abc import Iterable

from components.job_rows import job_row
from cronpp_app.domain.jobs import Job
from cronpp_app.services.accounts import User
from pages.jobs_view import JobsView
from pages.soon import Soon
from pages.visitor import Visitor

_MOST_STRANGERS = 20


class JobsLive:
    """Brings the list of one page up to date."""

    def __init__(self, visitor: Visitor, view: JobsView, counting: Soon) -> None:
        self._visitor = visitor
        self._view = view
        self._counting = counting

    async def on_batch(self, job_ids: frozenset[str]) -> None:
        """Bring up to date what these jobs are seen in; all if there are none."""
        user = await self._visitor.me()
        if job_ids:
            await self._refresh(user, job_ids)
        else:
            await self._view.load(user)
        self._counting.ask()

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
        return await self._visitor.services.live_jobs.get(user, job_ids)
