"""The filters of the list of jobs: by status, by words, by tag."""

from collections.abc import Awaitable, Callable

from components.jobs_bar import JobsBar
from cronpp_app.services.accounts import User
from pages.job_list import JobList
from pages.visitor import Visitor


class JobFilters:
    """Draws the filters of the list that is `wanted`; `go` gets the one they ask for."""

    def __init__(
        self,
        visitor: Visitor,
        wanted: Callable[[], JobList],
        *,
        go: Callable[[User, JobList], Awaitable[None]],
    ) -> None:
        self._jobs = visitor.services.jobs
        self._wanted = wanted
        self._go = go
        self.bar = JobsBar(
            status=wanted().status,
            words=wanted().words,
            on_status=visitor.guarded(self._pick),
            on_search=visitor.guarded(self._search),
            on_tag=visitor.guarded(self._pick_tag),
        )

    async def show(self, user: User) -> None:
        """Show what the filters are set to."""
        self.bar.pick(self._wanted().status)
        await self.show_tags(user)

    async def show_tags(self, user: User) -> None:
        """Show the tags to filter by, as they are now."""
        self.bar.show_tags(await self._jobs.tags(user), picked=self._wanted().tag)

    async def clear(self, user: User) -> None:
        """Show all jobs."""
        self.bar.clear_search()
        await self._go(user, self._wanted().narrowed(status="", words="", tag=""))

    async def _pick(self, user: User, status: str) -> None:
        await self._go(user, self._wanted().narrowed(status=status))

    async def _search(self, user: User, words: str | None) -> None:
        await self._go(user, self._wanted().narrowed(words=words or ""))

    async def _pick_tag(self, user: User, tag: str) -> None:
        wanted = self._wanted()
        await self._go(user, wanted.narrowed(tag="" if tag == wanted.tag else tag))
