"""Saving what is edited: told what is wrong with it, or led to the jobs."""

from collections.abc import Callable
from typing import Any

from cronpp_app.domain.jobs import JobDefinition
from cronpp_app.errors import InvalidInput, NotFound, StaleVersion
from cronpp_app.services.accounts import User
from pages.editing import Editing
from pages.editing_checks import worded
from pages.visitor import Visitor


class Saving:
    """Saves what one editor shows; `on_stale` is called if the job is another one by now."""

    def __init__(self, visitor: Visitor, editing: Editing) -> None:
        self._visitor = visitor
        self._editing = editing
        self.is_leaving = False
        self.on_stale: Callable[[User], Any] | None = None

    async def save(self, user: User) -> None:
        """Save the form and lead to the jobs, or show at its fields what is wrong."""
        if self.is_leaving:  # a second click must not make a second job
            return
        draft = self._editing.form.draft()
        # Our own change comes back as an event; it is none to be told about.
        self.is_leaving = True
        try:
            await self._store(user, self._editing.checked(draft))
        except InvalidInput as error:
            self.is_leaving = False
            self._editing.refuse(worded(error, draft))
            self._visitor.tell("Not saved: some fields need another look.", good=False)
            return
        except (StaleVersion, NotFound):
            self.is_leaving = False
            if self.on_stale is not None:
                await self.on_stale(user)
            return
        except BaseException:
            self.is_leaving = False
            raise
        self._editing.leave("/jobs")

    async def _store(self, user: User, definition: JobDefinition) -> None:
        jobs, job = self._visitor.services.jobs, self._editing.job
        if job is None:
            await jobs.create(user, definition)
        else:
            await jobs.edit(user, job.id, definition, if_version=job.version)
