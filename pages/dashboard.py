"""The home page: how everything is doing."""

from contextlib import suppress
from typing import TYPE_CHECKING

from fastapi import Request
from nicegui import ui
from starlette.responses import RedirectResponse, Response

from components.first_job import first_job
from components.markup import box
from components.page_head import new_job_link, page_head
from cronpp_app.errors import CronppError
from cronpp_app.services.jobs import JobQuery
from pages.dashboard_figures import DashboardFigures
from pages.frame_live import LOOKED_EVERY_SECONDS
from pages.framed import framed
from pages.live import Live
from pages.looking import look_every
from pages.routes import page
from pages.soon import Soon
from pages.visitor import Visitor, visitor_of

if TYPE_CHECKING:
    from cronpp_app.composition import Services

# Where the list of jobs once was: its addresses lead to where it is now.
_OF_THE_LIST = frozenset({"status", "q", "sort", "page", "after"})


def register(services: "Services") -> None:
    """Register /."""

    @page("/", "Dashboard")
    async def dashboard_page(request: Request) -> Response | None:
        if _OF_THE_LIST & request.query_params.keys():
            return RedirectResponse(f"/jobs?{request.url.query}", status_code=303)
        visitor = visitor_of(services)
        async with framed(visitor, "/"):
            with page_head("Dashboard", "How your scheduled jobs are doing"):
                new_job_link()
            dashboard = Dashboard(visitor)
            await dashboard.draw()
        live = Live(visitor, dashboard.on_batch)
        ui.on("cx_visible", lambda event: live.set_visible(bool(event.args)))
        look_every(LOOKED_EVERY_SECONDS, visitor.client, dashboard.look)
        await live.begin()
        return None


class Dashboard:
    """One page of figures; of somebody without jobs, the way to the first one."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self._figures = DashboardFigures(visitor)
        self._soon = Soon(visitor, self._refresh)

    async def draw(self) -> None:
        """Draw the page as of this moment."""
        self._is_empty = await self._has_no_jobs()
        self._place = box("cx-page-parts")
        with self._place:
            await self._draw_parts()

    async def on_batch(self, _: frozenset[str]) -> None:
        """Bring the page up to date soon; whatever changed, every figure may."""
        await self._visitor.me()
        if self._is_empty:
            await self._refresh()
        else:
            self._soon.ask()

    async def look(self) -> None:
        """Show what no change tells of: a worker that has died, a job that nobody took up."""
        with suppress(CronppError):  # no database: the next look may find it
            await self._refresh()

    async def _refresh(self) -> None:
        is_empty = await self._has_no_jobs()
        if is_empty == self._is_empty and not is_empty:
            await self._figures.refresh()
        elif is_empty != self._is_empty:
            self._is_empty = is_empty
            self._place.clear()
            with self._place:
                await self._draw_parts()

    async def _draw_parts(self) -> None:
        if self._is_empty:
            first_job()
        else:
            await self._figures.draw()

    async def _has_no_jobs(self) -> bool:
        page = await self._visitor.services.jobs.search(self._visitor.user, JobQuery(limit=1))
        return not page.total
