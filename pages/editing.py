"""What happens while a job is edited: following the form, and checking what it says."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from components.job_form import JobForm
from cronpp_app.domain.jobs import Job, JobDefinition
from cronpp_app.errors import FieldError, InvalidInput
from cronpp_app.services.accounts import User
from cronpp_app.services.drafts import definition_fields
from pages.editing_checks import checked, worded
from pages.editing_drafts import KeptDraft
from pages.editing_preview import Preview
from pages.visitor import Visitor

DrawForm = Callable[[dict[str, Any]], JobForm]


class Editing:
    """One editor of one page; `job` is None while it is being made."""

    def __init__(self, visitor: Visitor, job: Job | None, *, draw: DrawForm) -> None:
        self._visitor = visitor
        self.job = job
        self._draw = draw
        self._was_refused = self.is_dirty = False
        self._dark: bool | None = None
        self._kept = KeptDraft(visitor)
        self.preview = Preview(visitor)

    async def begin(self, values: dict[str, Any]) -> None:
        """Show `values` as what is saved, and follow their changes from now on."""
        self.form = self._draw(values)
        self._saved_draft = self.form.draft()
        self._set_dirty(False)
        await self._followed()

    async def fill(self, values: dict[str, Any]) -> None:
        """Show other values, not saved yet."""
        self.form = self._draw(values)
        await self._followed()

    def set_dark(self, dark: bool) -> None:
        """Follow the theme of the page."""
        self._dark = dark
        self.form.what.body.set_dark(dark)

    def connected(self, *, dark: bool) -> None:
        """Fetch what weighs more than the rest of the page, and keep the preview fresh."""
        self.set_dark(dark)
        self.form.what.body.load(dark=dark)
        self.preview.keep_fresh()

    async def start_from(self, job: Job) -> None:
        """Begin again with the job as it is now; what was typed is lost."""
        self.job, self._was_refused = job, False
        await self.begin(definition_fields(job.definition))

    async def changed(self, _: User) -> None:
        """Follow a change of the form."""
        draft = self.form.draft()
        self._set_dirty(draft != self._saved_draft)
        self._kept.keep(draft if self.is_dirty else None)
        await self.preview.show(self.form, draft["schedule"])
        if self._was_refused:
            self.form.show_errors(self._errors(draft))

    def checked(self, draft: dict[str, Any]) -> JobDefinition:
        """Return the job that `draft` describes; raise InvalidInput with all problems."""
        check_target = self._visitor.services.jobs.check_target
        return checked(draft, self.job, check_target=check_target, own=self.form.problems())

    def refuse(self, errors: Sequence[FieldError]) -> None:
        """Lead to what is wrong, and say from now on what still is."""
        self._was_refused = True
        self.form.show_errors(errors, focus=True)

    def leave(self, path: str) -> None:
        """Forget the draft, which is the job by now, and lead to `path`."""
        self.is_dirty = False
        self._kept.keep(None)
        self._visitor.client.run_javascript(f"cxSaved({json.dumps(path)})")

    async def _followed(self) -> None:
        if self._dark is not None:
            self.form.what.body.load(dark=self._dark)
        await self.changed(self._visitor.user)

    def _errors(self, draft: dict[str, Any]) -> list[FieldError]:
        try:
            self.checked(draft)
        except InvalidInput as error:
            return worded(error, draft)
        return []

    def _set_dirty(self, dirty: bool) -> None:
        if dirty != self.is_dirty:
            self.is_dirty = dirty
            self._visitor.client.run_javascript(f"cxUnsaved({'true' if dirty else 'false'})")
