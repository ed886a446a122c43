"""What the audit log tells: who did what, when, and by which way."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Final

from cronpp_app.domain.descriptions import describe
from cronpp_app.domain.jobs import HttpAction, JobDefinition


class AuditAction(StrEnum):
    """Everything that is told; these words are part of the public interface."""

    SIGNED_UP = "account.signed_up"
    SIGNED_IN = "account.signed_in"
    SIGN_IN_REFUSED = "account.sign_in_refused"
    SIGNED_OUT = "account.signed_out"
    SIGNED_OUT_EVERYWHERE = "account.signed_out_everywhere"
    PASSWORD_CHANGED = "account.password_changed"  # noqa: S105 - a word, no password
    TIMEZONE_CHANGED = "account.timezone_changed"
    ACCOUNT_DISABLED = "account.disabled"
    ACCOUNT_ENABLED = "account.enabled"
    ROLE_CHANGED = "account.role_changed"
    ACCOUNT_DELETED = "account.deleted"
    SESSION_ENDED = "session.ended"
    OTHER_SESSIONS_ENDED = "session.others_ended"
    JOB_CREATED = "job.created"
    JOB_EDITED = "job.edited"
    JOB_DELETED = "job.deleted"
    JOB_RESTORED = "job.restored"
    JOB_PAUSED = "job.paused"
    JOB_RESUMED = "job.resumed"
    JOB_RUN = "job.run"
    JOBS_PAUSED = "jobs.paused"
    JOBS_RESUMED = "jobs.resumed"
    JOBS_RUN = "jobs.run"
    JOBS_DELETED = "jobs.deleted"
    JOBS_IMPORTED = "jobs.imported"
    RUN_CANCELLED = "run.cancelled"
    RUN_RETRIED = "run.retried"
    RUN_REPLAYED = "run.replayed"
    RUNS_REPLAYED = "runs.replayed"
    TOKEN_CREATED = "token.created"  # noqa: S105
    TOKEN_DELETED = "token.deleted"  # noqa: S105
    SECRET_CREATED = "secret.created"  # noqa: S105
    SECRET_REPLACED = "secret.replaced"  # noqa: S105
    SECRET_DELETED = "secret.deleted"  # noqa: S105
    SIGNING_SECRET_ROTATED = "signing_secret.rotated"  # noqa: S105


class Via(StrEnum):
    """How somebody came to act: by a page, by the API, or by the API with an API token."""

    PAGE = "page"
    API = "api"
    TOKEN = "token"  # noqa: S105


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditTarget:
    """What was acted on: a kind (job, run, token, …), its id, and its name at that time."""

    kind: str
    id: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """A field that was changed; its values only where they are harmless."""

    field: str
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One thing that somebody did.

    `user_id` is whom it concerns, None if nobody who has an account; `actor_id` and `actor` (an
    e-mail address) are who did it, None and empty if that is not known. `token` is the name of
    the API token, `count` how many were changed at once.
    """

    id: str
    at: datetime
    action: AuditAction
    user_id: str | None
    actor_id: str | None
    actor: str
    via: Via
    token: str | None = None
    address: str | None = None
    target: AuditTarget | None = None
    changes: tuple[FieldChange, ...] = ()
    count: int | None = None


# Nothing of these can be secret. URL, headers, body and message can; of them only the name is told.
_SHOWN: Final = ("name", "overlap")
_NAMED: Final = ("description", "tags", "retry", "misfire")


def changed_fields(before: JobDefinition, after: JobDefinition) -> tuple[FieldChange, ...]:
    """Return what differs between two definitions of a job, without anything secret."""
    return tuple(_changed(before, after))


def _changed(before: JobDefinition, after: JobDefinition) -> Iterator[FieldChange]:
    for name in _SHOWN:
        old, new = str(getattr(before, name)), str(getattr(after, name))
        if old != new:
            yield FieldChange(field=name, before=old, after=new)
    if before.schedule != after.schedule:
        told = describe(before.schedule), describe(after.schedule)
        yield FieldChange(field="schedule", before=told[0], after=told[1])
    for name in _NAMED:
        if getattr(before, name) != getattr(after, name):
            yield FieldChange(field=name)
    yield from _changed_action(before, after)


def _changed_action(before: JobDefinition, after: JobDefinition) -> Iterator[FieldChange]:
    old, new = before.action, after.action
    if type(old) is not type(new):
        yield FieldChange(field="action.kind")
        return
    names = [one.name for one in fields(old) if getattr(old, one.name) != getattr(new, one.name)]
    if isinstance(old, HttpAction) and isinstance(new, HttpAction) and "method" in names:
        yield FieldChange(field="action.method", before=old.method, after=new.method)
    # What is sealed stands among the headers for people, as its mask.
    told = {"headers" if name == "sealed" else name for name in names} - {"method"}
    for name in sorted(told):
        yield FieldChange(field=f"action.{name}")
