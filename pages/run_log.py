"""The log of a job while it is open: which run is seen, and what happens meanwhile."""

from collections.abc import Callable
from typing import Any

from components.run_log import RunLogPanel
from cronpp_app.errors import NotFound
from cronpp_app.services.accounts import User
from cronpp_app.services.drafts import run_fields
from pages.job_values import log_head_of
from pages.live import Live
from pages.overlay import tell_open
from pages.run_pick import RunPick
from pages.run_reading import RunReading
from pages.visitor import Visitor


class RunLog:
    """One open log that begins at `pick`; `on_closed` is called when it is not open any more."""

    def __init__(self, visitor: Visitor, pick: RunPick, *, on_closed: Callable[[], Any]) -> None:
        self._visitor, self._on_closed = visitor, on_closed
        self._job_id, self._pick = pick.job_id, pick
        self._reading = RunReading(visitor, pick.job_id)
        self._live = Live(visitor, self._on_batch)

    async def open(self, user: User) -> None:
        """Open the panel; raise NotFound."""
        job = await self._visitor.services.jobs.get(user, self._job_id)
        guarded = self._visitor.guarded
        with self._visitor.client:
            self._panel = RunLogPanel(
                log_head_of(job),
                on_pick=guarded(self._show),
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
        runs = await self._visitor.services.runs.search(user, self._pick.query)
        self._pick = self._pick.among(runs.items)
        await self._show_run(user)
        self._panel.runs.show(
            [run_fields(run) for run in runs.items],
            picked=self._pick.run_id,
            has_more=runs.next_cursor is not None and self._pick.may_grow,
        )

    async def _show_run(self, user: User) -> None:
        if self._pick.run_id is None:
            self._panel.detail.show_nothing()
        else:
            run, good = await self._reading.read(user, self._pick.run_id)
            self._panel.detail.show(run, good=good)
        tell_open(self._visitor, self._pick.address())

    async def _on_batch(self, job_ids: frozenset[str]) -> None:
        if job_ids and self._job_id not in job_ids:
            return
        user = await self._visitor.me()
        try:
            job = await self._visitor.services.jobs.get(user, self._job_id)
        except NotFound:  # deleted while its log was open
            self._panel.element.close()
            return
        self._panel.show_head(log_head_of(job))
        await self._refresh(user)

    async def _show(self, user: User, run_id: str) -> None:
        self._pick = self._pick.on(run_id)
        await self._refresh(user)

    async def _more(self, user: User) -> None:
        self._pick = self._pick.grown()
        await self._refresh(user)

    async def _do(self, user: User, verb: str, run_id: str) -> None:
        runs = self._visitor.services.runs
        run = await (runs.cancel(user, run_id) if verb == "cancel" else runs.retry(user, run_id))
        self._pick = self._pick.on(run.id, follows_newest=self._pick.follows_newest)
        await self._refresh(user)

    async def _run(self, user: User) -> None:
        run = await self._visitor.services.jobs.run_now(user, self._job_id)
        self._pick = self._pick.on(run.id, follows_newest=True)
        await self._refresh(user)

    def _closed(self) -> None:
        self._live.close()
        self._panel.element.delete()
        self._on_closed()
