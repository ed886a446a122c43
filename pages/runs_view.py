"""A list of runs on a page: filters, pages, and what happens meanwhile."""

import json
from collections.abc import Callable
from typing import Any

from components.empty import empty_state
from components.jobs_bar import Pager
from components.run_rows import run_row
from components.runs_bar import RunsBar
from components.runs_table import runs_table
from cronpp_app.clock import utc_now
from cronpp_app.domain.runs import Run
from cronpp_app.errors import InvalidInput, NotFound
from cronpp_app.services.accounts import User
from cronpp_app.services.paging import Page
from cronpp_app.services.runs import RunQuery
from pages.run_list import RunList
from pages.visitor import Visitor

OnOpen = Callable[[str, str], Any]


class RunsView:
    """One page's list of runs; `wanted` says which. With `job_id` those of one job only."""

    def __init__(
        self,
        visitor: Visitor,
        wanted: RunList,
        *,
        path: str,
        on_open: OnOpen,
        job_id: str | None = None,
    ) -> None:
        self._visitor, self._path, self._job_id = visitor, path, job_id
        self._asked = 0
        self._page: Page[Run] | None = None
        self.wanted = wanted.narrowed("job", job_id) if job_id else wanted
        guarded = visitor.guarded
        self.bar = RunsBar(
            self._shown_filters(),
            on_filter=guarded(self.narrow),
            on_clear=guarded(self._clear),
            on_news=guarded(self.load),
        )
        self.table = runs_table(
            shows_job=job_id is None,
            on_open=on_open,
            on_only=guarded(self._only),
        )
        self._nothing = empty_state(
            "No runs here",
            "Nothing matches these filters, or nothing has run yet.",
            icon_name="scroll-text",
        )
        self._pager = Pager(on_before=guarded(self._before), on_next=guarded(self._next))

    def address(self) -> str:
        """Return the path of the list as it is seen."""
        return self.wanted.address(self._path, job_is_given=self._job_id is not None)

    def rows_of(self, runs: tuple[Run, ...]) -> list[dict[str, Any]]:
        """Return runs as rows of this list."""
        return [run_row(run, shows_job=self._job_id is None) for run in runs]

    async def load(self, user: User) -> None:
        """Show the wanted part of the list, as it is now."""
        self._asked += 1
        asked = self._asked
        page = await self.page(user)
        if asked != self._asked:  # a later question may have been answered first
            return
        self._page = page
        self.table.show(self.rows_of(page.items), sort="")
        self.table.element.set_visibility(bool(page.items))
        self._nothing.set_visibility(not page.items)
        self.bar.show_news(0)
        self._pager.show(
            self.wanted.told(page),
            has_before=self.wanted.page > 1,
            has_next=page.next_cursor is not None,
        )

    async def page(self, user: User) -> Page[Run]:
        """Return the wanted part of the list."""
        return await self._visitor.services.runs.search(user, self._query(user))

    async def newest(self, user: User) -> tuple[Run, ...]:
        """Return the runs of the wanted part of the list, without counting the others."""
        return await self._visitor.services.runs.newest(user, self._query(user))

    def _query(self, user: User) -> RunQuery:
        return self.wanted.query(now=utc_now(), timezone=user.timezone)

    async def narrow(self, user: User, name: str, value: str) -> None:
        """Set one filter."""
        await self._go(user, self.wanted.narrowed(name, value))

    async def _go(self, user: User, wanted: RunList) -> None:
        self.wanted = wanted
        await self.show_filters(user)
        self._visitor.client.run_javascript(f"cxAddress({json.dumps(self.address())})")
        await self.load(user)

    async def show_filters(self, user: User) -> None:
        """Show what the filters are set to."""
        self.bar.show(self._shown_filters(), job_name=await self._job_name(user))

    def _shown_filters(self) -> dict[str, str]:
        hidden = {"job": ""} if self._job_id else {}
        return self.wanted.values | hidden

    async def _job_name(self, user: User) -> str:
        if self._job_id or not self.wanted.job:
            return ""
        try:
            return (await self._visitor.services.jobs.get(user, self.wanted.job)).definition.name
        except (NotFound, InvalidInput):
            return "a deleted job"

    async def _only(self, user: User, job_id: str) -> None:
        await self.narrow(user, "job", job_id)

    async def _clear(self, user: User) -> None:
        await self._go(user, RunList(job=self._job_id or ""))

    async def _before(self, user: User) -> None:
        await self._go(user, self.wanted.before())

    async def _next(self, user: User) -> None:
        if self._page and self._page.next_cursor:
            await self._go(user, self.wanted.following(self._page.next_cursor))
