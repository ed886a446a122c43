"""A job that is changed elsewhere while its editor is open."""

from typing import Any

from components.changed_elsewhere import ChangedElsewhere
from cronpp_app.domain.jobs import Job
from cronpp_app.errors import NotFound
from cronpp_app.services.accounts import User
from cronpp_app.services.drafts import definition_fields
from pages.editing import Editing
from pages.editing_save import Saving
from pages.visitor import Visitor

_PARTS = {
    "name": "name",
    "description": "description",
    "tags": "tags",
    "schedule": "schedule",
    "action": "action",
    "retry": "retries",
    "overlap": "overlap",
    "misfire": "missed times",
}


class Elsewhere:
    """Tells the person at an editor that the job is another one by now, and what to do."""

    def __init__(
        self, visitor: Visitor, editing: Editing, saving: Saving, notice: ChangedElsewhere
    ) -> None:
        self._visitor = visitor
        self._editing = editing
        self._saving = saving
        self._notice = notice
        saving.on_stale = self._refused

    async def on_batch(self, job_ids: frozenset[str]) -> None:
        """Look whether one of these changes made the open job another one."""
        job = self._editing.job
        if job is None or (job_ids and job.id not in job_ids):
            return
        await self._look(await self._visitor.me(), was_refused=False)

    async def _refused(self, user: User) -> None:
        await self._look(user, was_refused=True)

    async def _look(self, user: User, *, was_refused: bool) -> None:
        mine = self._editing.job
        if mine is None:
            return
        try:
            theirs = await self._visitor.services.jobs.get(user, mine.id)
        except NotFound:
            self._notice.show_deleted(on_keep=self._keep_as_new)
            return
        if theirs.version == mine.version or self._saving.is_leaving:
            return
        if not self._editing.is_dirty:
            with self._visitor.client:
                await self._editing.start_from(theirs)
            self._visitor.tell("Changed elsewhere; this is the job as it is now.")
            return
        self._notice.show(
            _differences(mine, theirs),
            was_refused=was_refused,
            on_load=self._visitor.guarded(lambda _: self._load(theirs)),
            on_keep=lambda: self._keep(theirs),
        )

    async def _load(self, theirs: Job) -> None:
        self._notice.hide()
        await self._editing.start_from(theirs)

    def _keep(self, theirs: Job) -> None:
        # Saving checks against the version that was seen, so nothing newer is lost unseen.
        self._editing.job = theirs
        self._notice.hide()
        self._visitor.tell("Saving now replaces what was changed elsewhere.")

    def _keep_as_new(self) -> None:
        self._editing.job = None
        self._notice.hide()
        self._visitor.tell("Saving now makes a new job.")


def _differences(mine: Job, theirs: Job) -> list[str]:
    old: dict[str, Any] = definition_fields(mine.definition)
    new: dict[str, Any] = definition_fields(theirs.definition)
    return [words for part, words in _PARTS.items() if old[part] != new[part]]
