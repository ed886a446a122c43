"""One job on its page: what it is, when it fires, what became of its runs."""

from functools import partial

from components.job_facts import JobFacts, NextRunsCard
from components.job_head import JobHead, gone_job
from components.markup import box, text
from cronpp_app.clock import utc_now
from cronpp_app.domain.jobs import Job
from cronpp_app.errors import NotFound
from cronpp_app.services.accounts import User
from pages.job_actions import JobActions
from pages.job_charts import JobCharts
from pages.job_values import facts_of, head_of, next_runs_of
from pages.run_list import RunList
from pages.runs_live import RunsLive
from pages.runs_view import RunsView
from pages.soon import Soon
from pages.visitor import Visitor

_SHOWN_NEXT = 5


class JobView:
    """Draws the page of `job`, and brings it up to date."""

    def __init__(self, visitor: Visitor, job: Job, wanted: RunList) -> None:
        self._visitor, self._job = visitor, job
        self.actions = JobActions(visitor)
        self._gone = gone_job()
        self._gone.set_visibility(False)
        self._parts = box("cx-page-parts")
        with self._parts:
            self._draw(wanted)
        self.actions.list_address = self.runs.address
        self.live = RunsLive(visitor, self.runs)
        self._soon = Soon(visitor, lambda: self.draw_charts(visitor.user))

    def _draw(self, wanted: RunList) -> None:
        visitor, job = self._visitor, self._job
        self._head = JobHead(head_of(job), on_act=visitor.guarded(self.actions.act))
        with box("cx-two cx-job-parts"):
            on_versions = partial(visitor.guarded(self.actions.act), "versions", job.id)
            self._facts = JobFacts(on_versions=on_versions)
            self._next = NextRunsCard()
        with box("cx-two cx-job-charts"):
            self._charts = JobCharts(visitor, on_day=visitor.guarded(self._show_day))
        with box("cx-card", tag="section").mark("ledger"):
            text("Runs", "cx-h2 cx-next-head", tag="h2")
            self.runs = RunsView(
                visitor,
                wanted,
                path=f"/jobs/{job.id}",
                on_open=visitor.guarded(self.actions.open_log),
                job_id=job.id,
            )

    async def load(self, user: User) -> None:
        """Show all but the pictures, as of this moment."""
        await self._show_job(user)
        await self.runs.filters.show(user)
        await self.runs.load(user)

    async def draw_charts(self, user: User) -> None:
        """Show the pictures of this moment."""
        await self._charts.refresh(user, self._job)

    async def on_batch(self, job_ids: frozenset[str]) -> None:
        """Bring the page up to date if this job changed, or anything may have."""
        if job_ids and self._job.id not in job_ids:
            return
        user = await self._visitor.me()
        try:
            self._job = await self._visitor.services.jobs.get(user, self._job.id)
        except NotFound:  # deleted while somebody looks at it, who may take that back
            self._set_there(False)
            return
        self._set_there(True)
        await self._show_job(user)
        await self.live.on_batch(job_ids)
        self._soon.ask()

    def _set_there(self, is_there: bool) -> None:
        self._gone.set_visibility(not is_there)
        self._parts.set_visibility(is_there)

    async def _show_job(self, user: User) -> None:
        jobs, job = self._visitor.services.jobs, self._job
        self._head.show(head_of(job))
        self._facts.show(facts_of(job))
        preview = await jobs.preview(job.definition.schedule, after=utc_now(), count=_SHOWN_NEXT)
        resuming = None if job.enabled else await jobs.before_resuming(user, job.id)
        self._next.show(next_runs_of(job, preview, resuming, viewer_zone=user.timezone))

    async def _show_day(self, user: User, day: str) -> None:
        await self.runs.filters.narrow(user, "day", day)
