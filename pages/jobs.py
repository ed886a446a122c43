"""The home page: how the jobs are doing, and the live list of them."""

from typing import TYPE_CHECKING

from fastapi import Request
from nicegui import ui

from components.markup import box, icon, text
from pages.framed import framed
from pages.job_actions import JobActions
from pages.job_list import JobList
from pages.jobs_figures import JobsFigures
from pages.jobs_live import JobsLive
from pages.jobs_view import JobsView
from pages.live import Live
from pages.visitor import Visitor, visitor_of

if TYPE_CHECKING:
    from cronpp_app.composition import Services


def register(services: "Services") -> None:
    """Register /."""

    @ui.page("/", title="Jobs · Cron++")
    async def jobs_page(request: Request) -> None:
        visitor = visitor_of(services)
        await show_jobs(visitor, JobList.read(request.query_params))


async def show_jobs(
    visitor: Visitor, wanted: JobList, *, open_log: tuple[str, str | None] | None = None
) -> None:
    """Draw the home page, and keep it up to date once it is connected.

    `open_log` is a job whose log to open, and the run to open it at.
    """
    actions = JobActions(visitor)
    async with framed(visitor, "/"):
        _head()
        figures = JobsFigures(visitor)
        await figures.draw()
        with box("cx-card", tag="section") as card:
            card.props["aria-label"] = "Jobs"
            view = JobsView(visitor, wanted, on_act=visitor.guarded(actions.act))
    actions.list_address = view.address
    view.bar.show_counts(figures.counts)
    figures.on_counts = view.bar.show_counts
    await view.load(visitor.user)
    live = Live(visitor, JobsLive(visitor, view, figures).on_batch)
    ui.on("cx_visible", lambda event: live.set_visible(bool(event.args)))
    await visitor.client.connected()
    live.start()
    if open_log is not None:
        await visitor.guarded(actions.open_log)(*open_log)


def _head() -> None:
    with box("cx-page-head"):
        with box("cx-grow"):
            text("Jobs", "cx-h1", tag="h1")
            text("Everything that is scheduled, and how it is doing", "cx-muted", tag="p")
        text("Live", "cx-live cx-only-wide")
        new = box("cx-button cx-button-primary", tag="a")
        new.props.update({"href": "/jobs/new", "data-cx-key": "n"})
        with new:
            icon("plus")
            text("New job")
