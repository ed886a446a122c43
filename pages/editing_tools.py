"""What helps while editing: filling in from a command, trying the action, old drafts."""

from typing import Any

from components.paste_box import PasteBox
from cronpp_app.clock import utc_now
from cronpp_app.domain.descriptions import describe
from cronpp_app.errors import InvalidInput, TooMany
from cronpp_app.services.accounts import User
from cronpp_app.services.drafts import attempt_fields, parse_action, parse_schedule
from cronpp_app.services.pasted import Pasted, UnreadableCommand, read_pasted
from pages.editing import Editing
from pages.editing_drafts import usable_draft
from pages.editing_preview import worded
from pages.visitor import Visitor

_KEPT_OF_ACTION = ("timeout_seconds", "success_statuses")


class EditingTools:
    """Helps one editor."""

    def __init__(self, visitor: Visitor, editing: Editing) -> None:
        self._visitor = visitor
        self._editing = editing
        self._before: dict[str, Any] | None = None
        self.paste_box: PasteBox | None = None

    async def paste(self, user: User, text: str) -> None:
        """Fill the form from a command, and say what was understood."""
        assert self.paste_box is not None  # noqa: S101 - drawn before anything can be pasted
        try:
            found = read_pasted(text, timezone=user.timezone)
        except UnreadableCommand as error:
            self.paste_box.show_error(str(error))
            return
        self._before = self._editing.form.draft()
        await self._editing.fill(_merged(self._before, found))
        self.paste_box.show_found(f"Filled in: {_told(found)}", found.notes)

    async def undo_paste(self, _: User) -> None:
        """Put back what the form said before."""
        if self._before is not None and self.paste_box is not None:
            await self._editing.fill(self._before)
            self.paste_box.forget()
            self._before = None

    async def try_out(self, user: User) -> None:
        """Perform the action of the form once, and show what came of it."""
        form = self._editing.form
        draft = form.draft()["action"]
        try:
            action = self._action(draft)
        except InvalidInput as error:
            problems = [problem for problem in worded(error, {"action": draft}) if problem.field]
            form.show_errors([*form.problems(), *problems], only="action.", focus=True)
            form.trial.show_problem("The action needs another look first.")
            return
        form.trial.show_busy()
        try:
            job = self._editing.job
            test = self._visitor.services.actions.test
            attempt = await (test(user, action, job_id=job.id) if job else test(user, action))
        except TooMany as error:
            form.trial.show_problem(str(error))
            return
        if form is self._editing.form and not self._visitor.client.is_deleted:
            form.trial.show(attempt_fields(attempt))

    async def restore(self, _: User, kept: object) -> None:
        """Show a draft that the browser kept while the connection was lost."""
        draft = usable_draft(kept)
        if draft is None or self._editing.is_dirty:
            return
        saved = self._editing.form.draft()
        try:
            await self._editing.fill(draft)
        except (KeyError, ValueError, TypeError, AttributeError):  # kept by another version of us
            await self._editing.fill(saved)
            return
        if self._editing.is_dirty:
            self._visitor.tell("What you had typed is back; it is not saved yet.")

    def _action(self, draft: dict[str, Any]) -> Any:
        check, now = self._visitor.services.jobs.check_target, utc_now()
        job = self._editing.job
        if job is None:
            return parse_action({"action": draft}, now=now, check_target=check)
        # Of a job, masked values stand for what is stored.
        return self._editing.parsed({"action": draft}).action


def _merged(draft: dict[str, Any], found: Pasted) -> dict[str, Any]:
    merged = {**draft, "name": draft["name"] or found.name}
    if found.schedule is not None:
        merged["schedule"] = dict(found.schedule)
    if found.action is not None:
        old = draft["action"]
        kept = {name: old[name] for name in _KEPT_OF_ACTION if name in old}
        merged["action"] = {**kept, **found.action}
    if found.max_retries is not None:
        merged["retry"] = {**draft["retry"], "max_retries": found.max_retries}
    return merged


def _told(found: Pasted) -> str:
    parts = []
    if found.action is not None:
        parts.append(f"{found.action['method']} {found.action['url']}")
    if found.schedule is not None:
        parts.append(describe(parse_schedule(found.schedule, now=utc_now())))
    return " · ".join(parts)
