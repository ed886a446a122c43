"""The live list of all jobs."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fastapi import Request
from nicegui import ui

from components.markup import box
from components.page_head import new_job_link, page_head
from cronpp_app.services.overview import Overview
from pages.framed import framed
from pages.job_actions import JobActions
from pages.job_list import JobList
from pages.jobs_live import JobsLive
from pages.jobs_view import JobsView
from pages.live import Live
from pages.routes import page
from pages.soon import Soon
from pages.visitor import Visitor, visitor_of

if TYPE_CHECKING:
    from cronpp_app.composition import Services


def register(services: "Services") -> None:
    """Register /jobs."""

    @page("/jobs", "Jobs")
    async def jobs_page(request: Request) -> None:
        await _show(visitor_of(services), JobList.read(request.query_params))


async def _show(visitor: Visitor, wanted: JobList) -> None:
    """Draw the page, and keep it up to date once it is connected."""
    actions = JobActions(visitor)
    overviews = visitor.services.overviews
    async with framed(visitor, "/jobs"):
        with page_head("Jobs", "Everything that is scheduled"):
            new_job_link()
        with box("cx-card", tag="section") as card:
            card.props["aria-label"] = "Jobs"
            view = JobsView(visitor, wanted, on_act=visitor.guarded(actions.act))

    async def count() -> None:
        counts = _counts(await overviews.of(visitor.user))
        if not visitor.client.is_deleted:
            view.filters.bar.show_counts(counts)
            await view.filters.show_tags(visitor.user)

    actions.list_address = view.address
    await count()
    await view.load(visitor.user)
    live = Live(visitor, JobsLive(visitor, view, Soon(visitor, count)).on_batch)
    ui.on("cx_visible", lambda event: live.set_visible(bool(event.args)))
    await live.begin()


def _counts(overview: Overview) -> Mapping[str, int]:
    by_status = {status.value: number for status, number in overview.counts.items()}
    return by_status | {"": sum(by_status.values()), "failing": overview.failing}
