"""The list of jobs on the jobs page: the part that is wanted, in its order."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from components.job_rows import job_row
from components.jobs_nothing import Nothing
from components.jobs_table import JobsTable
from cronpp_app.domain.jobs import Job
from cronpp_app.errors import InvalidInput
from cronpp_app.services.accounts import User
from cronpp_app.services.jobs import Page
from pages.job_bulk import JobBulk
from pages.job_filters import JobFilters
from pages.job_list import JobList
from pages.turning import Turner
from pages.visitor import Visitor


class JobsView:
    """One page's list of jobs; `wanted` says which part of which list it shows."""

    def __init__(
        self, visitor: Visitor, wanted: JobList, *, on_act: Callable[[str, str], Any]
    ) -> None:
        self._visitor = visitor
        self._asked = 0
        self.wanted = wanted
        self.page: Page[Job] | None = None
        guarded = visitor.guarded
        self.filters = JobFilters(visitor, lambda: self.wanted, go=self._go)
        self._bulk = JobBulk(visitor, self)
        self.table = JobsTable(
            on_act=on_act, on_sort=guarded(self._sort), on_pick=self._bulk.changed
        )
        self._nothing = Nothing(on_clear=guarded(self.filters.clear))
        self._turner = Turner(visitor, go=self._go)

    def address(self) -> str:
        """Return the path of the list as it is seen."""
        return self.wanted.address()

    @property
    def next_cursor(self) -> str | None:
        """Return what leads to the next page; None on the last one."""
        return self.page.next_cursor if self.page else None

    async def load(self, user: User) -> None:
        """Show the wanted part of the list, as it is now."""
        self._asked += 1
        asked = self._asked
        page = await self._page(user)
        if asked == self._asked:  # a later question may have been answered first
            self._show(page)

    async def _page(self, user: User) -> Page[Job]:
        search = self._visitor.services.jobs.search
        try:
            page = await search(user, self.wanted.query())
        except InvalidInput:  # the cursor of an old address, or words that cannot be searched
            self.wanted = replace(self.wanted.narrowed(), words="")
            page = await search(user, self.wanted.query())
        if not page.items and self.wanted.cursor:  # the last job of the last page is gone
            self.wanted = self.wanted.narrowed()
            page = await search(user, self.wanted.query())
        return page

    def _show(self, page: Page[Job]) -> None:
        self.page = page
        self.table.show([job_row(job) for job in page.items], sort=self.wanted.sort)
        self.table.element.set_visibility(bool(page.items))
        self._nothing.show(is_empty=not page.items, is_filtered=self.wanted.is_filtered)
        self._turner.show(self.wanted, page)

    async def _go(self, user: User, wanted: JobList) -> None:
        if wanted.is_other_than(self.wanted):
            self._bulk.let_go()
        self.wanted = wanted
        await self.filters.show(user)
        self._visitor.show_address(wanted.address())
        await self.load(user)

    async def _sort(self, user: User, field: str) -> None:
        await self._go(user, self.wanted.sorted_by(field))
