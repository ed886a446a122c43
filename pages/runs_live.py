"""A list of runs as things happen: new ones on top, or behind a number while somebody reads."""

import asyncio

from cronpp_app.services.accounts import User
from pages.run_list import PER_PAGE
from pages.runs_view import RunsView
from pages.visitor import Visitor

# Many jobs may change in a second; the list is looked at once for all of them.
_REST_SECONDS = 0.7
_UNFINISHED = frozenset({"PENDING", "RUNNING", "RETRYING"})


class RunsLive:
    """Brings the list of one page up to date."""

    def __init__(self, visitor: Visitor, view: RunsView) -> None:
        self._visitor = visitor
        self._view = view
        self._is_read = False

    async def set_reading(self, reading: bool) -> None:
        """Say whether somebody has scrolled into the list; what came meanwhile waits then."""
        self._is_read = reading

    async def on_batch(self, job_ids: frozenset[str]) -> None:
        """Bring the list up to date with runs of these jobs; of all if there are none."""
        user = await self._visitor.me()
        view = self._view
        if view.wanted.is_first_page:
            await self._look(user)
        shown = [row for row in view.table.rows if row["status"] in _UNFINISHED]
        wanted = [row["id"] for row in shown if not job_ids or row["job_id"] in job_ids]
        if wanted:
            found = await self._visitor.services.runs.some(user, wanted)
            view.table.patch(view.rows_of(found))
        await asyncio.sleep(_REST_SECONDS)

    async def _look(self, user: User) -> None:
        """Look at the first page again: new runs come on top, known ones are patched."""
        view = self._view
        wanted, runs = view.wanted, await view.newest(user)
        known = {row["id"] for row in view.table.rows}
        new = [run for run in runs if run.id not in known]
        if wanted is not view.wanted:  # somebody went elsewhere meanwhile
            return
        if new and self._is_read:
            view.filters.bar.show_news(len(new))
        elif new and known and not view.wanted.status and len(new) < PER_PAGE:
            view.table.prepend(
                [{**row, "fresh": True} for row in view.rows_of(tuple(new))], most=PER_PAGE
            )
        elif new or len(runs) < len(known):
            await view.load(user)
            return
        view.table.patch(view.rows_of(tuple(run for run in runs if run.id in known)))
