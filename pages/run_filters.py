"""The filters of a list of runs: by status, trigger, time and job."""

from collections.abc import Awaitable, Callable

from components.runs_bar import RunsBar
from cronpp_app.errors import InvalidInput, NotFound
from cronpp_app.services.accounts import User
from pages.run_list import RunList
from pages.visitor import Visitor


class RunFilters:
    """Draws the filters of the list that is `wanted`; `go` gets the one they ask for.

    With `job_id` the list is that of one job, and no filter by job is shown.
    """

    def __init__(
        self,
        visitor: Visitor,
        wanted: Callable[[], RunList],
        *,
        go: Callable[[User, RunList], Awaitable[None]],
        on_news: Callable[[User], Awaitable[None]],
        job_id: str | None,
    ) -> None:
        self._visitor, self._wanted, self._go, self._job_id = visitor, wanted, go, job_id
        self.bar = RunsBar(
            self._shown(),
            on_filter=visitor.guarded(self.narrow),
            on_clear=visitor.guarded(self._clear),
            on_news=visitor.guarded(on_news),
        )

    async def show(self, user: User) -> None:
        """Show what the filters are set to."""
        self.bar.show(self._shown(), job_name=await self._job_name(user))

    async def narrow(self, user: User, name: str, value: str) -> None:
        """Set one filter."""
        await self._go(user, self._wanted().narrowed(name, value))

    async def only_job(self, user: User, job_id: str) -> None:
        """Show only the runs of a job."""
        await self.narrow(user, "job", job_id)

    def _shown(self) -> dict[str, str]:
        hidden = {"job": ""} if self._job_id else {}
        return self._wanted().values | hidden

    async def _job_name(self, user: User) -> str:
        job_id = self._wanted().job
        if self._job_id or not job_id:
            return ""
        try:
            return (await self._visitor.services.jobs.get(user, job_id)).definition.name
        except (NotFound, InvalidInput):
            return "a deleted job"

    async def _clear(self, user: User) -> None:
        await self._go(user, RunList(job=self._job_id or ""))
