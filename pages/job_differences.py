"""What differs between two definitions of a job, in words, old beside new."""

from collections.abc import Iterator

from components.policy_words import misfire_words, overlap_words, retry_words
from components.version_panel import Difference
from components.words import seconds
from cronpp_app.domain.descriptions import describe
from cronpp_app.domain.jobs import Action, HttpAction, JobDefinition
from cronpp_app.domain.schedules import CronSchedule, IntervalSchedule
from cronpp_app.services.fields import schedule_fields
from cronpp_app.services.masks import shown_headers


def differences_of(before: JobDefinition, after: JobDefinition) -> Iterator[Difference]:
    """Yield what differs, in the order in which a job is told; a secret only by its mask."""
    old, new = dict(_told(before)), dict(_told(after))
    for label in {**old, **new}:
        was, is_now = old.get(label), new.get(label)
        if was != is_now:
            yield Difference(label=label, before=was or None, after=is_now or None)
    yield from _resealed(before.action, after.action)


def _told(definition: JobDefinition) -> Iterator[tuple[str, str]]:
    schedule = definition.schedule
    yield "Name", definition.name
    yield "Description", definition.description
    yield "Tags", ", ".join(definition.tags)
    yield "Schedule", describe(schedule)
    if isinstance(schedule, CronSchedule):
        yield "Cron", schedule.cron
        yield "Spread", seconds(schedule.jitter_seconds) if schedule.jitter_seconds else ""
    if not isinstance(schedule, IntervalSchedule):
        yield "Time zone", schedule.timezone
    span = schedule_fields(schedule)
    yield "From", span.get("start_at") or ""
    yield "Until", span.get("end_at") or ""
    yield from _action(definition.action)
    yield "Retries", retry_words(definition.retry)
    yield "Overlap", overlap_words(definition.overlap)
    yield "Missed times", misfire_words(definition.misfire)


def _action(action: Action) -> Iterator[tuple[str, str]]:
    if not isinstance(action, HttpAction):
        yield "Writes", action.message
        return
    yield "Calls", f"{action.method} {action.url}"
    for name, value in shown_headers(action).items():
        yield f"Header {name}", value
    yield "Secret headers", ", ".join(action.secret_headers)
    yield "Body", action.body or ""
    yield "Timeout", seconds(action.timeout.total_seconds())
    yield "Success is", ", ".join(str(statuses) for statuses in action.success_statuses)
    yield "Redirects", "followed" if action.follow_redirects else "not followed"


def _resealed(before: Action, after: Action) -> Iterator[Difference]:
    """Yield secret headers whose value is another one that has the same mask."""
    if isinstance(before, HttpAction) and isinstance(after, HttpAction):
        for name, sealed in after.sealed.items():
            same_mask = before.headers.get(name) == after.headers.get(name)
            if same_mask and name in before.sealed and before.sealed[name] != sealed:
                mask = after.headers[name]
                yield Difference(label=f"Header {name}", before=mask, after=f"{mask} (sealed anew)")
