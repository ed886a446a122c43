"""What happens while a job is edited: the preview, the checks, the saving."""

from typing import Any

from components.job_form import JobForm
from components.schedule_preview import PreviewValues
from components.words import epoch_ms
from cronpp_app.clock import utc_now
from cronpp_app.domain.jobs import Job, JobDefinition
from cronpp_app.errors import FieldError, InvalidInput, StaleVersion
from cronpp_app.services.accounts import User
from cronpp_app.services.drafts import parse_changes, parse_job, parse_schedule
from pages.visitor import Visitor

_BETTER_WORDS = {
    "name": "Give the job a name.",
    "schedule.run_at": "Choose a date and a time.",
    "action.url": "Give the address to call.",
    "action.message": "Write what the log should say.",
}


class Editing:
    """One editor of one page; `job` is None while it is being made."""

    def __init__(self, visitor: Visitor, job: Job | None) -> None:
        self._visitor = visitor
        self._job = job
        self._was_refused = self._is_dirty = False
        self._previewed: object = None
        self.save = visitor.guarded(self._save)

    async def begin(self, form: JobForm) -> None:
        """Show what the schedule of `form` means, and follow its changes from now on."""
        self._form = form
        self._saved_draft = form.draft()
        await self._preview(form.draft()["schedule"])

    async def changed(self, _: User) -> None:
        """Follow a change of the form."""
        draft = self._form.draft()
        is_dirty = draft != self._saved_draft
        if is_dirty != self._is_dirty:
            self._is_dirty = is_dirty
            self._warn_before_leaving(is_dirty)
        await self._preview(draft["schedule"])
        if self._was_refused:
            self._form.show_errors(self._errors(draft))

    async def _preview(self, schedule: dict[str, Any]) -> None:
        if schedule == self._previewed:
            return
        self._previewed = schedule
        try:
            parsed = parse_schedule(schedule, now=utc_now())
        except InvalidInput as error:
            self._form.show_errors(_worded(error, {"schedule": schedule}), only="schedule.")
            self._form.show_preview(None)
            return
        preview = await self._visitor.services.jobs.preview(parsed, count=5)
        if schedule != self._previewed:  # typing went on meanwhile
            return
        self._form.show_errors([], only="schedule.")
        self._form.show_preview(
            PreviewValues(
                description=preview.description,
                fire_times=[epoch_ms(fire) or 0 for fire in preview.fire_times],
                notes=preview.notes,
                timezone=self._form.when.timezone,
            )
        )

    async def _save(self, user: User) -> None:
        draft = self._form.draft()
        errors = self._errors(draft)
        if not errors:
            try:
                await self._store(user, self._parse(draft))
            except InvalidInput as error:
                errors = _worded(error, draft)
            except StaleVersion:
                self._form.show_problem(
                    "This job was changed elsewhere after you opened it. Keep what you need of "
                    "your changes, then load this page again to start from what it is now."
                )
                return
        if errors:
            self._was_refused = True
            self._form.show_errors(errors, focus=True)
            self._visitor.tell("Not saved: some fields need another look.", good=False)
            return
        self._warn_before_leaving(False)
        self._visitor.client.open("/")

    async def _store(self, user: User, definition: JobDefinition) -> None:
        jobs = self._visitor.services.jobs
        if self._job is None:
            await jobs.create(user, definition)
        else:
            await jobs.edit(user, self._job.id, definition, if_version=self._job.version)

    def _errors(self, draft: dict[str, Any]) -> list[FieldError]:
        """Return all that is wrong with `draft`."""
        own = self._form.problems()
        try:
            self._parse(draft)
        except InvalidInput as error:
            return own + _worded(error, draft)
        return own

    def _parse(self, draft: dict[str, Any]) -> JobDefinition:
        check = self._visitor.services.jobs.check_target
        if self._job is None:
            return parse_job(draft, now=utc_now(), check_target=check)
        return parse_changes(self._job, draft, now=utc_now(), check_target=check)

    def _warn_before_leaving(self, unsaved: bool) -> None:
        self._visitor.client.run_javascript(f"cxUnsaved({'true' if unsaved else 'false'})")


def _worded(error: InvalidInput, draft: dict[str, Any]) -> list[FieldError]:
    """Return the errors, in kinder words where a field was only left empty."""
    return [
        FieldError(problem.field, _BETTER_WORDS[problem.field])
        if problem.field in _BETTER_WORDS and not _value(draft, problem.field)
        else problem
        for problem in error.errors
    ]


def _value(draft: Any, path: str) -> Any:
    for name in path.split("."):
        draft = draft.get(name) if isinstance(draft, dict) else None
    return draft
