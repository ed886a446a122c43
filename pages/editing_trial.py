"""Trying out the action of a form before anything is saved."""

from cronpp_app.errors import InvalidInput, TooMany
from cronpp_app.services.accounts import User
from cronpp_app.services.drafts import attempt_fields
from pages.editing import Editing
from pages.editing_checks import action_of, worded
from pages.visitor import Visitor


class Trying:
    """Performs the action of one editor once, and shows what came of it."""

    def __init__(self, visitor: Visitor, editing: Editing) -> None:
        self._visitor = visitor
        self._editing = editing

    async def try_out(self, user: User) -> None:
        """Perform what the form says, or lead to what is wrong with it."""
        form, job = self._editing.form, self._editing.job
        draft = form.draft()
        try:
            action = action_of(draft, job, check_target=self._visitor.services.jobs.check_target)
        except InvalidInput as error:
            problems = [problem for problem in worded(error, draft) if problem.field]
            form.show_errors([*form.problems(), *problems], only="action.", focus=True)
            form.trial.show_problem("The action needs another look first.")
            return
        form.trial.show_busy()
        try:
            test = self._visitor.services.actions.test
            attempt = await (test(user, action, job_id=job.id) if job else test(user, action))
        except TooMany as error:
            form.trial.show_problem(str(error))
            return
        if form is self._editing.form and not self._visitor.client.is_deleted:
            form.trial.show(attempt_fields(attempt))
