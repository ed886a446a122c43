"""The log of a job while it is open: which run is seen, and what happens meanwhile."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from components.run_log import LogHead, RunLogPanel
from cronpp_app.domain.descriptions import describe
from cronpp_app.domain.jobs import Job
from cronpp_app.domain.schedules import IntervalSchedule
from cronpp_app.errors import NotFound
from cronpp_app.services.accounts import User
from cronpp_app.services.drafts import run_fields
from cronpp_app.services.runs import RunQuery
from pages.last_good import LastGood
from pages.live import Live
from pages.visitor import Visitor

_PER_PAGE = 30
_MOST = 200


class RunLog:
    """One open log; `on_closed` is called when it is not any more."""

    def __init__(self, visitor: Visitor, job_id: str, *, on_closed: Callable[[], Any]) -> None:
        self._visitor = visitor
        self._on_closed = on_closed
        self._query = RunQuery(job_id=job_id, limit=_PER_PAGE)
        self._job_id = job_id
        self._picked: str | None = None
        # Somebody who picked a run keeps it; else the newest is shown as it comes.
        self._follows_newest = True
        self._last_good = LastGood(visitor)
        self._live = Live(visitor, self._on_batch)

    async def open(self, user: User, run_id: str | None = None) -> None:
        """Open the panel, at a run or at the newest; raise NotFound."""
        job = await self._visitor.services.jobs.get(user, self._job_id)
        if run_id is not None:
            self._picked, self._follows_newest = run_id, False
        guarded = self._visitor.guarded
        with self._visitor.client:
            self._panel = RunLogPanel(
                _head(job),
                on_pick=guarded(self._pick),
                on_more=guarded(self._more),
                on_do=guarded(self._do),
                on_run=guarded(self._run),
                on_hide=self._closed,
            )
        try:
            await self._refresh(user)
        except NotFound:
            self._panel.element.delete()
            raise
        self._panel.element.open()
        self._live.start()

    async def _refresh(self, user: User) -> None:
        runs = await self._visitor.services.runs.search(user, self._query)
        if self._follows_newest and runs.items:
            self._picked = runs.items[0].id
        await self._show_run(user)
        self._panel.runs.show(
            [run_fields(run) for run in runs.items],
            picked=self._picked,
            has_more=runs.next_cursor is not None and self._query.limit < _MOST,
        )

    async def _show_run(self, user: User) -> None:
        if self._picked is None:
            self._panel.detail.show_nothing()
            self._tell_address(f"/jobs/{self._job_id}/runs")
            return
        run, attempts = await self._visitor.services.runs.get(user, self._picked)
        if run.job_id != self._job_id:
            raise NotFound("This run belongs to another job.")
        good = await self._last_good.before(user, run)
        self._panel.detail.show(run_fields(run, attempts), good=good)
        self._tell_address(f"/jobs/{self._job_id}/runs/{run.id}")

    async def _on_batch(self, job_ids: frozenset[str]) -> None:
        if job_ids and self._job_id not in job_ids:
            return
        user = await self._visitor.me()
        try:
            job = await self._visitor.services.jobs.get(user, self._job_id)
        except NotFound:  # deleted while its log was open
            self._panel.element.close()
            return
        self._panel.show_head(_head(job))
        await self._refresh(user)

    async def _pick(self, user: User, run_id: str) -> None:
        self._picked, self._follows_newest = run_id, False
        await self._refresh(user)

    async def _more(self, user: User) -> None:
        self._query = replace(self._query, limit=min(self._query.limit + _PER_PAGE, _MOST))
        await self._refresh(user)

    async def _do(self, user: User, verb: str, run_id: str) -> None:
        runs = self._visitor.services.runs
        run = await (runs.cancel(user, run_id) if verb == "cancel" else runs.retry(user, run_id))
        self._picked = run.id
        await self._refresh(user)

    async def _run(self, user: User) -> None:
        run = await self._visitor.services.jobs.run_now(user, self._job_id)
        self._picked, self._follows_newest = run.id, True
        await self._refresh(user)

    def _tell_address(self, path: str) -> None:
        self._visitor.client.run_javascript(f"cxAddress({json.dumps(path)})")

    def _closed(self) -> None:
        self._live.close()
        self._panel.element.delete()
        self._on_closed()


def _head(job: Job) -> LogHead:
    schedule = job.definition.schedule
    words = describe(schedule)
    if not isinstance(schedule, IntervalSchedule):
        words = f"{words} · {schedule.timezone}"
    return LogHead(job_id=job.id, name=job.definition.name, words=words, status=job.status.value)
