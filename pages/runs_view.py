"""A list of runs on a page: the part that is wanted, newest first."""

from collections.abc import Callable
from typing import Any

from components.empty import empty_state
from components.run_rows import run_row
from components.runs_table import runs_table
from cronpp_app.clock import utc_now
from cronpp_app.domain.runs import Run
from cronpp_app.services.accounts import User
from cronpp_app.services.runs import RunQuery
from pages.run_filters import RunFilters
from pages.run_list import RunList
from pages.turning import Turner
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
        self.wanted = wanted.narrowed("job", job_id) if job_id else wanted
        self.filters = RunFilters(
            visitor, lambda: self.wanted, go=self._go, on_news=self.load, job_id=job_id
        )
        self.table = runs_table(
            shows_job=job_id is None,
            on_open=on_open,
            on_only=visitor.guarded(self.filters.only_job),
        )
        self._nothing = empty_state(
            "No runs here",
            "Nothing matches these filters, or nothing has run yet.",
            icon_name="scroll-text",
        )
        self._turner = Turner(visitor, go=self._go)

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
        page = await self._visitor.services.runs.search(user, self._query(user))
        if asked != self._asked:  # a later question may have been answered first
            return
        self.table.show(self.rows_of(page.items), sort="")
        self.table.element.set_visibility(bool(page.items))
        self._nothing.set_visibility(not page.items)
        self.filters.bar.show_news(0)
        self._turner.show(self.wanted, page)

    async def newest(self, user: User) -> tuple[Run, ...]:
        """Return the runs of the wanted part of the list, without counting the others."""
        return await self._visitor.services.runs.newest(user, self._query(user))

    def _query(self, user: User) -> RunQuery:
        return self.wanted.query(now=utc_now(), timezone=user.timezone)

    async def _go(self, user: User, wanted: RunList) -> None:
        self.wanted = wanted
        await self.filters.show(user)
        self._visitor.show_address(self.address())
        await self.load(user)
