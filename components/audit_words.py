"""What the audit log tells, in words."""

from typing import Final

from components.words import counted
from cronpp_app.domain.audit import AuditAction, AuditEntry, FieldChange, Via

# What somebody did; the name of what it was done to follows.
WORDS: Final = {
    AuditAction.SIGNED_UP: "created an account",
    AuditAction.SIGNED_IN: "signed in",
    AuditAction.SIGN_IN_REFUSED: "was refused sign-in",
    AuditAction.SIGNED_OUT: "signed out",
    AuditAction.SIGNED_OUT_EVERYWHERE: "signed out everywhere",
    AuditAction.PASSWORD_CHANGED: "changed the password",
    AuditAction.TIMEZONE_CHANGED: "changed the time zone",
    AuditAction.ACCOUNT_DISABLED: "disabled the account of",
    AuditAction.ACCOUNT_ENABLED: "enabled the account of",
    AuditAction.ROLE_CHANGED: "changed the role of",
    AuditAction.ACCOUNT_DELETED: "deleted the account",
    AuditAction.SESSION_ENDED: "ended another session",
    AuditAction.OTHER_SESSIONS_ENDED: "ended all other sessions",
    AuditAction.JOB_CREATED: "created the job",
    AuditAction.JOB_EDITED: "edited the job",
    AuditAction.JOB_DELETED: "deleted the job",
    AuditAction.JOB_RESTORED: "brought back the job",
    AuditAction.JOB_PAUSED: "paused the job",
    AuditAction.JOB_RESUMED: "resumed the job",
    AuditAction.JOB_RUN: "ran the job",
    AuditAction.JOBS_PAUSED: "paused",
    AuditAction.JOBS_RESUMED: "resumed",
    AuditAction.JOBS_RUN: "ran",
    AuditAction.JOBS_DELETED: "deleted",
    AuditAction.JOBS_IMPORTED: "imported",
    AuditAction.RUN_CANCELLED: "cancelled a run of",
    AuditAction.RUN_RETRIED: "retried a run of",
    AuditAction.RUN_REPLAYED: "replayed a run of",
    AuditAction.RUNS_REPLAYED: "replayed",
    AuditAction.TOKEN_CREATED: "created the API token",
    AuditAction.TOKEN_DELETED: "deleted the API token",
    AuditAction.SECRET_CREATED: "created the secret",
    AuditAction.SECRET_REPLACED: "replaced the secret",
    AuditAction.SECRET_DELETED: "deleted the secret",
    AuditAction.SIGNING_SECRET_ROTATED: "replaced the signing secret",
}
# As a choice of what to see.
CHOICES: Final = {
    "": "Everything",
    **{
        action.value: action.value.replace("_", " ").replace(".", ": ", 1).capitalize()
        for action in AuditAction
    },
}
_ICONS: Final = {
    "account": "user",
    "session": "monitor",
    "job": "calendar-clock",
    "jobs": "calendar-clock",
    "run": "play",
    "runs": "play",
    "token": "key-round",
    "secret": "lock",
    "signing_secret": "shield-check",
}
_BAD: Final = frozenset({AuditAction.SIGN_IN_REFUSED, AuditAction.ACCOUNT_DISABLED})
_FINAL: Final = frozenset(
    {AuditAction.ACCOUNT_DELETED, AuditAction.JOB_DELETED, AuditAction.JOBS_DELETED}
)
_SEVERAL: Final = {AuditAction.RUNS_REPLAYED: "run"}


def name_of(entry: AuditEntry) -> str:
    """Return what was acted on, or how many."""
    if entry.count is not None:
        return counted(entry.count, _SEVERAL.get(entry.action, "job"))
    # A stranger's words: the account is who was meant, and stands in front.
    if entry.target is None or entry.action is AuditAction.SIGN_IN_REFUSED:
        return ""
    return entry.target.name or entry.target.id


def actor_of(entry: AuditEntry) -> str:
    """Return who it was; for a refused sign-in the account that was meant."""
    if entry.actor:
        return entry.actor
    if entry.action is AuditAction.ACCOUNT_DELETED:
        return "Somebody"
    return entry.target.name if entry.target else "An unknown address"


def note_of(entry: AuditEntry) -> str:
    """Return what was changed, in one line."""
    return " · ".join(_change(change) for change in entry.changes)


def way_of(entry: AuditEntry) -> str:
    """Return by which way they came."""
    if entry.via is Via.TOKEN:
        return f"API token {entry.token}"
    return "Page" if entry.via is Via.PAGE else "API"


def icon_of(entry: AuditEntry) -> str:
    """Return the icon of a kind of thing."""
    return _ICONS[entry.action.partition(".")[0]]


def tone_of(entry: AuditEntry) -> str:
    """Return the colour: of what may be an attack, of what is gone, of all else."""
    if entry.action in _BAD:
        return "bad"
    return "warn" if entry.action in _FINAL else "calm"


def _change(change: FieldChange) -> str:
    field = change.field.replace("action.", "").replace("_", " ")
    if change.before is None and change.after is None:
        return f"{field} changed"
    return f"{field}: {change.before} → {change.after}"
