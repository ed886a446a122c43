"""What a person typed, to a definition: every problem of it reported at once."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from cronpp_app.domain.backoff import Backoff, RetryPolicy
from cronpp_app.domain.jobs import (
    Action,
    CatchUp,
    HttpAction,
    Job,
    JobDefinition,
    LogAction,
    MisfirePolicy,
    Overlap,
)
from cronpp_app.domain.references import has_references
from cronpp_app.domain.schedules import Schedule
from cronpp_app.errors import FieldError, InvalidInput
from cronpp_app.services.draft_models import (
    ActionTest,
    HttpDraft,
    JobDraft,
    LogDraft,
    MisfireDraft,
    RetryDraft,
    ScheduleDraft,
)
from cronpp_app.services.draft_types import DraftContext
from cronpp_app.services.field_errors import problems_in
from cronpp_app.services.fields import (
    attempt_fields,
    definition_fields,
    job_fields,
    run_fields,
    schedule_fields,
)
from cronpp_app.services.masks import with_kept, without_masks

__all__ = [
    "attempt_fields",
    "check_fields",
    "definition_fields",
    "enabled_of",
    "job_fields",
    "parse_action",
    "parse_changes",
    "parse_job",
    "parse_schedule",
    "run_fields",
    "schedule_fields",
]

Draft = TypeVar("Draft", bound=BaseModel)
CheckTarget = Callable[[str], None]

_SCHEDULE: TypeAdapter[Any] = TypeAdapter(ScheduleDraft)
_MERGED: Final = ("schedule", "action", "retry", "misfire")


def parse_job(
    data: object,
    *,
    now: datetime,
    check_target: CheckTarget | None = None,
    stored: HttpAction | None = None,
    may_have_ended: bool = False,
) -> JobDefinition:
    """Return the definition that `data` (the JSON of a job) describes.

    `check_target` raises ValueError for a URL that may not be called. Masks stand for
    the headers of `stored`; a schedule may lie in the past only where it `may_have_ended`. Raises
    InvalidInput with all problems, each with the path of its field, like "schedule.cron".
    """
    context = DraftContext(now=now, may_have_ended=may_have_ended)
    draft, kept = _checked(JobDraft, data, context, check_target, stored)
    return _with_kept(_definition(draft), stored, kept)


def parse_action(data: object, *, now: datetime, check_target: CheckTarget | None = None) -> Action:
    """Return the action that `data` (JSON with a field "action") describes.

    Raises InvalidInput with all problems, each with the path of its field, like "action.url".
    """
    draft, _ = _checked(ActionTest, data, DraftContext(now=now), check_target)
    return _action(draft.action)


def parse_changes(
    job: Job, data: object, *, now: datetime, check_target: CheckTarget | None = None
) -> JobDefinition:
    """Return the definition of `job` changed by `data`; fields that are not given stay.

    Schedule, action, retry and misfire are merged field by field while their kind stays. A
    masked header keeps its stored value, and a schedule that stays may lie in the past. The
    parts of a damaged job that cannot be read must all be given.
    Raises InvalidInput with all problems.
    """
    if not isinstance(data, Mapping):
        raise InvalidInput(FieldError("request", "Must be a JSON object."))
    unmended = [part for part in job.damaged_parts if part not in data]
    if unmended:
        message = "Cannot be read from the database; enter it again."
        raise InvalidInput(*(FieldError(part, message) for part in unmended))
    current = definition_fields(job.definition)
    merged = {**current, **data}
    for part in _MERGED:
        given, kept = data.get(part), current[part]
        if isinstance(given, Mapping) and isinstance(kept, dict):
            same_kind = given.get("kind", kept.get("kind")) == kept.get("kind")
            merged[part] = {**kept, **given} if same_kind else dict(given)
    _drop_marks(merged["action"], data.get("action"))
    action = job.definition.action
    stored = action if isinstance(action, HttpAction) else None
    context = DraftContext(now=now, kept_schedule=job.definition.schedule)
    draft, kept = _checked(JobDraft, merged, context, check_target, stored)
    return _with_kept(_definition(draft), stored, kept)


def _drop_marks(action: object, given: object) -> None:
    """Take the marks of headers that a change leaves out of `action`, unless it names marks."""
    if not isinstance(action, dict) or not isinstance(given, Mapping) or "secret_headers" in given:
        return
    if isinstance(headers := given.get("headers"), Mapping) and "secret_headers" in action:
        left = {str(name).casefold() for name in headers}
        marks = [name for name in action["secret_headers"] if name.casefold() in left]
        action["secret_headers"] = marks


def parse_schedule(data: object, *, now: datetime) -> Schedule:
    """Return the schedule that `data` describes; raise InvalidInput with all problems."""
    try:
        draft = _SCHEDULE.validate_python(data, context=DraftContext(now=now))
    except ValidationError as error:
        problems = problems_in(error, within="schedule")
        raise InvalidInput(*problems) from error
    schedule: Schedule = draft.schedule()
    return schedule


def enabled_of(data: object) -> bool | None:
    """Return whether accepted `data` asks for an enabled job, or None if it does not say."""
    enabled = data.get("enabled") if isinstance(data, Mapping) else None
    return enabled if isinstance(enabled, bool) else None


def check_fields(model: type[Draft], data: object, *, now: datetime | None = None) -> Draft:
    """Return `data` as a `model`; raise InvalidInput with all problems."""
    if not isinstance(data, Mapping):
        raise InvalidInput(FieldError("request", "Must be a JSON object."))
    context = DraftContext(now=now) if now else None
    try:
        return model.model_validate(data, context=context)
    except ValidationError as error:
        raise InvalidInput(*problems_in(error)) from error


def _checked(
    model: type[Draft],
    data: object,
    context: DraftContext,
    check_target: CheckTarget | None,
    stored: HttpAction | None = None,
) -> tuple[Draft, frozenset[str]]:
    """Return `data`, which has an action, as a `model`, and the headers that keep their value.

    Raises InvalidInput with all problems.
    """
    if not isinstance(data, Mapping):
        raise InvalidInput(FieldError("request", "Must be a JSON object."))
    unmasked, kept, problems = _unmasked(data, stored)
    draft: Draft | None = None
    try:
        draft = model.model_validate(unmasked, context=context)
    except ValidationError as error:
        # A mask is refused once, not again for the dots it is made of.
        known = {problem.field for problem in problems}
        found = problems_in(error)
        problems += [problem for problem in found if problem.field not in known]
    problems += _target_problems(data, problems, check_target)
    if problems or draft is None:
        raise InvalidInput(*problems)
    return draft, kept


def _with_kept(
    definition: JobDefinition, stored: HttpAction | None, kept: frozenset[str]
) -> JobDefinition:
    if stored is None or not isinstance(definition.action, HttpAction):
        return definition
    return replace(definition, action=with_kept(definition.action, stored, kept))


def _unmasked(
    data: Mapping[str, Any], stored: HttpAction | None
) -> tuple[Mapping[str, Any], frozenset[str], list[FieldError]]:
    action = data.get("action")
    headers = action.get("headers") if isinstance(action, Mapping) else None
    if not isinstance(action, Mapping) or not isinstance(headers, Mapping):
        return data, frozenset(), []
    texts = {name: value for name, value in headers.items() if isinstance(value, str)}
    given, kept, problems = without_masks(texts, stored)
    unmasked = {**data, "action": {**action, "headers": {**headers, **given}}}
    return unmasked, kept, list(problems)


def _target_problems(
    data: Mapping[str, Any], known: list[FieldError], check_target: CheckTarget | None
) -> list[FieldError]:
    action = data.get("action")
    url = action.get("url") if isinstance(action, Mapping) else None
    known_fields = {problem.field for problem in known}
    if check_target is None or not isinstance(url, str) or "action.url" in known_fields:
        return []
    if has_references(url):
        return []  # judged when it is saved, with the values
    try:
        check_target(url)
    except ValueError as error:
        return [FieldError("action.url", str(error))]
    return []


def _definition(draft: JobDraft) -> JobDefinition:
    return JobDefinition(
        name=draft.name,
        description=draft.description,
        tags=tuple(draft.tags),
        schedule=draft.schedule.schedule(),
        action=_action(draft.action),
        retry=_retry(draft.retry),
        overlap=Overlap(draft.overlap),
        misfire=_misfire(draft.misfire),
    )


def _action(draft: HttpDraft | LogDraft) -> Action:
    if isinstance(draft, LogDraft):
        return LogAction(message=draft.message)
    return HttpAction(
        method=draft.method,
        url=draft.url,
        headers=draft.headers,
        body=draft.body,
        timeout=timedelta(seconds=draft.timeout_seconds),
        success_statuses=tuple(draft.success_statuses),
        follow_redirects=draft.follow_redirects,
        secret_headers=tuple(draft.secret_headers),
    )


def _retry(draft: RetryDraft) -> RetryPolicy:
    return RetryPolicy(
        max_retries=draft.max_retries,
        backoff=Backoff(draft.backoff),
        base=timedelta(seconds=draft.base_seconds),
        max_delay=timedelta(seconds=draft.max_seconds),
        jitter=draft.jitter,
        window=timedelta(seconds=draft.window_seconds) if draft.window_seconds else None,
    )


def _misfire(draft: MisfireDraft) -> MisfirePolicy:
    return MisfirePolicy(
        policy=CatchUp(draft.policy),
        grace=timedelta(seconds=draft.grace_seconds),
        max_age=timedelta(seconds=draft.max_age_seconds),
        max_runs=draft.max_runs,
    )
