"""All runs of all jobs, as they happen."""

from typing import TYPE_CHECKING

from fastapi import Request
from nicegui import ui

from components.markup import box
from components.page_head import page_head
from pages.framed import framed
from pages.job_actions import JobActions
from pages.live import Live
from pages.routes import page
from pages.run_list import RunList
from pages.runs_live import RunsLive
from pages.runs_view import RunsView
from pages.visitor import Visitor, visitor_of

if TYPE_CHECKING:
    from cronpp_app.composition import Services


def register(services: "Services") -> None:
    """Register /activity."""

    @page("/activity", "Activity")
    async def activity_page(request: Request) -> None:
        await _show(visitor_of(services), RunList.read(request.query_params))


async def _show(visitor: Visitor, wanted: RunList) -> None:
    actions = JobActions(visitor)
    async with framed(visitor, "/activity"):
        with page_head("Activity", "Every run of every job, the newest first"):
            pass
        with box("cx-card", tag="section") as card:
            card.props["aria-label"] = "Runs"
            open_log = visitor.guarded(actions.open_log)
            view = RunsView(visitor, wanted, path="/activity", on_open=open_log)
    actions.list_address = view.address
    await view.filters.show(visitor.user)
    await view.load(visitor.user)
    runs_live = RunsLive(visitor, view)
    live = Live(visitor, runs_live.on_batch)
    ui.on("cx_visible", lambda event: live.set_visible(bool(event.args)))
    ui.on("cx_reading", lambda event: runs_live.set_reading(bool(event.args)))
    await live.begin()
