"""Addresses of logs: the jobs page with the log of one job open."""

from typing import TYPE_CHECKING

from nicegui import ui

from cronpp_app.errors import NotFound
from pages.job_list import JobList
from pages.jobs import show_jobs
from pages.lost import draw_not_found
from pages.visitor import visitor_of

if TYPE_CHECKING:
    from cronpp_app.composition import Services


def register(services: "Services") -> None:
    """Register /jobs/{id}/runs and /jobs/{id}/runs/{run id}."""

    async def show(job_id: str, run_id: str | None) -> None:
        visitor = visitor_of(services)
        try:
            await services.jobs.get(visitor.user, job_id)
            if run_id is not None:
                run, _ = await services.runs.get(visitor.user, run_id)
                _check_belongs(run.job_id, job_id)
        except NotFound:
            draw_not_found()
            return
        await show_jobs(visitor, JobList(), open_log=(job_id, run_id))

    @ui.page("/jobs/{job_id}/runs", title="Log · Cron++")
    async def log_page(job_id: str) -> None:
        await show(job_id, None)

    @ui.page("/jobs/{job_id}/runs/{run_id}", title="Run · Cron++")
    async def run_page(job_id: str, run_id: str) -> None:
        await show(job_id, run_id)


def _check_belongs(owner_id: str, job_id: str) -> None:
    if owner_id != job_id:
        raise NotFound("This run belongs to another job.")
