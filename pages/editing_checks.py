"""What a draft of a job means, and what is wrong with it in words for who typed it."""

from collections.abc import Sequence
from typing import Any

from cronpp_app.clock import utc_now
from cronpp_app.domain.jobs import Action, Job, JobDefinition
from cronpp_app.errors import FieldError, InvalidInput
from cronpp_app.services.drafts import CheckTarget, parse_action, parse_changes, parse_job

# What the fields of the public interface are called in the form.
_NAMES = {"start_at": "the start", "base_seconds": "the first wait"}
_BETTER_WORDS = {
    "name": "Give the job a name.",
    "schedule.run_at": "Choose a date and a time.",
    "action.url": "Enter the address to call.",
    "action.message": "Enter what the log should say.",
}


def definition_of(
    draft: dict[str, Any], job: Job | None, *, check_target: CheckTarget | None
) -> JobDefinition:
    """Return what `draft` makes of `job`, or the new job it describes; raise InvalidInput."""
    if job is None:
        return parse_job(draft, now=utc_now(), check_target=check_target)
    return parse_changes(job, draft, now=utc_now(), check_target=check_target)


def checked(
    draft: dict[str, Any],
    job: Job | None,
    *,
    check_target: CheckTarget | None,
    own: Sequence[FieldError],
) -> JobDefinition:
    """Return `definition_of`; raise InvalidInput with `own`, the form's, and all other problems."""
    try:
        definition = definition_of(draft, job, check_target=check_target)
    except InvalidInput as error:
        raise InvalidInput(*own, *error.errors) from error
    if own:
        raise InvalidInput(*own)
    return definition


def action_of(
    draft: dict[str, Any], job: Job | None, *, check_target: CheckTarget | None
) -> Action:
    """Return the action of `draft`, whatever else is wrong with it; raise InvalidInput."""
    action = {"action": draft["action"]}
    if job is None:
        return parse_action(action, now=utc_now(), check_target=check_target)
    # Of a job, masked values stand for what is stored.
    return definition_of(action, job, check_target=check_target).action


def worded(error: InvalidInput, draft: dict[str, Any]) -> list[FieldError]:
    """Return the errors in the words of the form, kinder where a field was only left empty."""
    return [_worded(problem, draft) for problem in error.errors]


def _worded(problem: FieldError, draft: dict[str, Any]) -> FieldError:
    if problem.field in _BETTER_WORDS and not _value(draft, problem.field):
        return FieldError(problem.field, _BETTER_WORDS[problem.field])
    message = problem.message
    for name, words in _NAMES.items():
        message = message.replace(name, words)
    return FieldError(problem.field, message)


def _value(draft: Any, path: str) -> Any:
    for name in path.split("."):
        draft = draft.get(name) if isinstance(draft, dict) else None
    return draft
