"""The versions of a job while they are looked at: what is there, and back to one of them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from components.confirm import confirm
from components.version_panel import VersionPanel
from cronpp_app.errors import NotFound
from cronpp_app.services.accounts import User
from cronpp_app.services.versions import VersionQuery
from pages.job_version_values import version_row
from pages.live import Live
from pages.overlay import tell_open
from pages.undoing import tell_with_undo
from pages.visitor import Visitor

_PER_PAGE = 15


class JobVersions:
    """One open panel; `on_closed` is called when it is not any more."""

    def __init__(self, visitor: Visitor, job_id: str, *, on_closed: Callable[[], Any]) -> None:
        self._visitor, self._job_id, self._on_closed = visitor, job_id, on_closed
        self._versions = visitor.services.versions
        self._query = VersionQuery(limit=_PER_PAGE)
        self._present = 0
        self._name = ""
        self._live = Live(visitor, self._on_batch)

    async def open(self, user: User) -> None:
        """Open the panel; raise NotFound."""
        name = (await self._visitor.services.jobs.get(user, self._job_id)).definition.name
        guarded = self._visitor.guarded
        with self._visitor.client:
            self._panel = VersionPanel(
                name,
                on_restore=guarded(self._ask),
                on_more=guarded(self._more),
                on_hide=self._closed,
            )
        await self._refresh(user)
        self._panel.element.open()
        tell_open(self._visitor, f"/jobs/{self._job_id}/versions")
        self._live.start()

    async def _refresh(self, user: User) -> None:
        page = await self._versions.search(user, self._job_id, self._query)
        newest = page.items[0]
        self._present, self._name = newest.version, newest.definition.name
        rows = [version_row(one) for one in page.items]
        self._panel.show(self._name, rows, has_more=page.next_cursor is not None)

    async def _more(self, user: User) -> None:
        self._query = replace(self._query, limit=self._query.limit + _PER_PAGE)
        await self._refresh(user)

    async def _on_batch(self, job_ids: frozenset[str]) -> None:
        if job_ids and self._job_id not in job_ids:
            return
        try:
            await self._refresh(await self._visitor.me())
        except NotFound:  # deleted while its versions were looked at
            self._panel.element.close()

    async def _ask(self, _: User, version: int) -> None:
        seen = self._present  # what is there now is what they decide about

        async def go_on(now: User) -> None:
            await self._restore(now, version, present=seen)

        with self._visitor.client:
            confirm(
                f"Restore version {version}?",
                f"The job is defined as it was then, its secrets too, and that becomes version "
                f"{seen + 1}. Pause, runs and log stay as they are.",
                action="Restore",
                on_yes=self._visitor.guarded(go_on),
            )

    async def _restore(self, user: User, version: int, *, present: int) -> None:
        job = await self._versions.restore(user, self._job_id, version, if_version=present)
        words = f"“{job.definition.name}” is as it was in version {version}."
        if job.version == present:
            self._visitor.tell(f"Nothing to restore: {words}")
            return
        tell_with_undo(
            self._visitor, words, lambda now: self._restore(now, present, present=job.version)
        )

    def _closed(self) -> None:
        self._live.close()
        self._panel.element.delete()
        self._on_closed()
