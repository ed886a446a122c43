"""Pages of one job: what it is and what it did; and the same with its log open."""

from typing import TYPE_CHECKING

from fastapi import Request
from nicegui import ui

from cronpp_app.domain.jobs import Job
from cronpp_app.domain.runs import RunStatus
from cronpp_app.errors import NotFound
from pages.framed import framed
from pages.job_view import JobView
from pages.live import Live
from pages.lost import draw_not_found
from pages.routes import page, title_of
from pages.run_list import RunList
from pages.visitor import Visitor, visitor_of

if TYPE_CHECKING:
    from cronpp_app.composition import Services


def register(services: "Services") -> None:
    """Register /jobs/{id}, its log, at a run too, and its versions."""

    @page("/jobs/{job_id}", "Job")
    async def job_page(request: Request, job_id: str) -> None:
        await _open(services, job_id, wanted=RunList.read(request.query_params))

    @page("/jobs/{job_id}/runs", "Log")
    async def log_page(request: Request, job_id: str) -> None:
        failed = request.query_params.get("status") == RunStatus.FAILED
        await _open(services, job_id, act="failure" if failed else "logs")

    @page("/jobs/{job_id}/runs/{run_id}", "Run")
    async def run_page(job_id: str, run_id: str) -> None:
        await _open(services, job_id, run_id=run_id)

    @page("/jobs/{job_id}/versions", "Versions")
    async def versions_page(job_id: str) -> None:
        await _open(services, job_id, act="versions")


async def _open(
    services: "Services",
    job_id: str,
    *,
    wanted: RunList | None = None,
    act: str = "",
    run_id: str | None = None,
) -> None:
    """Draw the page of a job; then do what `act` says, or open the log at a run."""
    visitor = visitor_of(services)
    job = await _found(visitor, job_id, run_id)
    if job is None:
        return
    ui.page_title(title_of(job.definition.name))
    view = await _shown(visitor, job, wanted or RunList())
    if view is None:
        return
    if run_id is not None:
        await visitor.guarded(view.actions.open_log)(job_id, run_id)
    elif act:
        await visitor.guarded(view.actions.act)(act, job_id)
    await visitor.guarded(view.draw_charts)()


async def _found(visitor: Visitor, job_id: str, run_id: str | None = None) -> Job | None:
    """Return the job; draw that nothing is here unless it, and its run, are the visitor's."""
    services, user = visitor.services, visitor.user
    try:
        job = await services.jobs.get(user, job_id)
        if run_id is not None:
            run, _ = await services.runs.get(user, run_id)
            _check_belongs(run.job_id, job_id)
    except NotFound:
        draw_not_found()
        return None
    return job


async def _shown(visitor: Visitor, job: Job, wanted: RunList) -> JobView | None:
    """Return the view of a job, drawn and kept up to date; None if nobody opened it."""
    async with framed(visitor, "/jobs"):
        view = JobView(visitor, job, wanted)
    await view.load(visitor.user)
    live = Live(visitor, view.on_batch)
    ui.on("cx_visible", lambda event: live.set_visible(bool(event.args)))
    ui.on("cx_reading", lambda event: view.live.set_reading(bool(event.args)))
    return view if await live.begin() else None


def _check_belongs(owner_id: str, job_id: str) -> None:
    if owner_id != job_id:
        raise NotFound("This run belongs to another job.")
