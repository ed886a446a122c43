"""What happens while a job is edited: following the form, the checks, the saving."""

from collections.abc import Callable
from typing import Any

from components.job_form import JobForm
from cronpp_app.clock import utc_now
from cronpp_app.domain.jobs import Job, JobDefinition
from cronpp_app.errors import FieldError, InvalidInput, StaleVersion
from cronpp_app.services.accounts import User
from cronpp_app.services.drafts import definition_fields, parse_changes, parse_job
from pages.editing_drafts import KeptDraft
from pages.editing_preview import Preview, worded
from pages.visitor import Visitor

DrawForm = Callable[[dict[str, Any]], JobForm]


class Editing:
    """One editor of one page; `job` is None while it is being made."""

    def __init__(self, visitor: Visitor, job: Job | None, *, draw: DrawForm) -> None:
        self._visitor = visitor
        self.job = job
        self._draw = draw
        self._was_refused = self.is_dirty = self.is_leaving = False
        self._dark: bool | None = None
        self._preview = Preview(visitor)
        self._kept = KeptDraft(visitor)
        self.on_stale: Callable[[User], Any] | None = None
        self.save = visitor.guarded(self._save)

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

    def connected(self, *, dark: bool) -> None:
        """Fetch what weighs more than the rest of the page, and keep the preview fresh."""
        self.set_dark(dark)
        self.form.what.body.load(dark=dark)
        self._preview.keep_fresh()

    def set_dark(self, dark: bool) -> None:
        """Follow the theme of the page."""
        self._dark = dark
        self.form.what.body.set_dark(dark)

    def set_visible(self, visible: bool) -> None:
        """Say whether somebody can see the page."""
        self._preview.set_visible(visible)

    async def start_from(self, job: Job) -> None:
        """Begin again with the job as it is now; what was typed is lost."""
        self.job, self._was_refused = job, False
        await self.begin(definition_fields(job.definition))

    async def changed(self, _: User) -> None:
        """Follow a change of the form."""
        draft = self.form.draft()
        self._set_dirty(draft != self._saved_draft)
        self._kept.keep(draft if self.is_dirty else None)
        await self._preview.show(self.form, draft["schedule"])
        if self._was_refused:
            self.form.show_errors(self._errors(draft))

    def parsed(self, draft: dict[str, Any]) -> JobDefinition:
        """Return the job that `draft` describes; raise InvalidInput with all problems."""
        check = self._visitor.services.jobs.check_target
        if self.job is None:
            return parse_job(draft, now=utc_now(), check_target=check)
        return parse_changes(self.job, draft, now=utc_now(), check_target=check)

    async def _followed(self) -> None:
        if self._dark is not None:
            self.form.what.body.load(dark=self._dark)
        await self.changed(self._visitor.user)

    async def _save(self, user: User) -> None:
        draft = self.form.draft()
        errors = self._errors(draft)
        if not errors:
            try:
                await self._store(user, self.parsed(draft))
            except InvalidInput as error:
                errors = worded(error, draft)
            except StaleVersion:
                self.is_leaving = False
                if self.on_stale is not None:
                    await self.on_stale(user)
                return
        if errors:
            self._was_refused, self.is_leaving = True, False
            self.form.show_errors(errors, focus=True)
            self._visitor.tell("Not saved: some fields need another look.", good=False)
            return
        self._set_dirty(False)
        self._kept.keep(None)
        self._visitor.client.open("/jobs")

    async def _store(self, user: User, definition: JobDefinition) -> None:
        self.is_leaving = True
        jobs = self._visitor.services.jobs
        if self.job is None:
            await jobs.create(user, definition)
        else:
            await jobs.edit(user, self.job.id, definition, if_version=self.job.version)

    def _errors(self, draft: dict[str, Any]) -> list[FieldError]:
        """Return all that is wrong with `draft`."""
        own = self.form.problems()
        try:
            self.parsed(draft)
        except InvalidInput as error:
            return own + worded(error, draft)
        return own

    def _set_dirty(self, dirty: bool) -> None:
        if dirty != self.is_dirty:
            self.is_dirty = dirty
            self._visitor.client.run_javascript(f"cxUnsaved({'true' if dirty else 'false'})")
