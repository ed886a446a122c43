"""The people of that company, and what they did today; for the pictures only."""

from datetime import datetime, timedelta
from typing import Any

from cronpp_app.domain.audit import AuditAction, AuditEntry, AuditTarget, FieldChange, Via
from cronpp_app.store.audit import _document
from cronpp_app.store.database import new_id

# beginning of the address, role, days since it was made, hours since the last sign-in, jobs, off
_PEOPLE = (
    ("bob", "user", 212, 2, 8, False),
    ("carla.mendes", "admin", 180, 30, 23, False),
    ("dev.bot", "user", 96, 700, 4, False),
    ("erik", "user", 61, 1_300, 11, True),
    ("farah.haddad", "user", 12, 5, 2, False),
)
_JOB = "Nightly export to warehouse"
_SCHEDULE = FieldChange(
    field="schedule",
    before="Every day at 02:30, Europe/Berlin",
    after="Every day at 03:15, Europe/Berlin",
)
_URL = FieldChange(field="action.url")
# minutes ago, who, what, of which kind, named, by which way (a token's name), more
_TODAY: tuple[tuple[int, str, AuditAction, str, str, str, dict[str, Any]], ...] = (
    (1, "ada", AuditAction.SIGNED_IN, "", "", "page", {}),
    (4, "bob", AuditAction.JOB_EDITED, "job", _JOB, "page", {"changes": (_SCHEDULE, _URL)}),
    (9, "", AuditAction.SIGN_IN_REFUSED, "account", "erik@acme.example", "api", {}),
    (9, "", AuditAction.SIGN_IN_REFUSED, "account", "erik@acme.example", "api", {}),
    (16, "ada", AuditAction.ACCOUNT_DISABLED, "account", "erik@acme.example", "page", {}),
    (31, "dev.bot", AuditAction.JOB_RUN, "job", "Rebuild search index", "Deploy script", {}),
    (58, "carla.mendes", AuditAction.JOBS_PAUSED, "", "", "api", {"count": 12}),
    (75, "farah.haddad", AuditAction.SECRET_REPLACED, "secret", "STRIPE_KEY", "page", {}),
    (118, "bob", AuditAction.TOKEN_CREATED, "token", "Grafana", "page", {}),
    (121, "bob", AuditAction.SIGNED_IN, "", "", "page", {}),
    (140, "ada", AuditAction.ROLE_CHANGED, "account", "carla.mendes@acme.example", "page",
     {"changes": (FieldChange(field="role", before="user", after="admin"),)}),
)  # fmt: skip


def fill_people(store: Any, user_id: str, now: datetime) -> None:
    """Write accounts and the audit log anew; `user_id` is the one who looks at them."""
    ids = {"ada": user_id}
    for name, role, days, hours, jobs, is_disabled in _PEOPLE:
        ids[name] = f"example-{name}"
        account = {
            **{"email": f"{name}@acme.example", "role": role, "timezone": "UTC"},
            **{"password_hash": "", "session_epoch": 0, "schema": 1},
            "created_at": now - timedelta(days=days),
            "signed_in_at": now - timedelta(hours=hours),
            **({"disabled_at": now} if is_disabled else {}),
        }
        store.users.update_one({"_id": ids[name]}, {"$set": account}, upsert=True)
        some = [{"_id": f"{name}-{number}", "user_id": ids[name]} for number in range(jobs)]
        store.jobs.insert_many(some)
    store.audit_log.delete_many({})
    store.audit_log.insert_many(
        [_document(_entry(line, ids, now), lasting=timedelta(days=365)) for line in _TODAY]
    )


def _entry(line: Any, ids: dict[str, str], now: datetime) -> AuditEntry:
    minutes, who, action, kind, named, way, more = line
    via = Via(way) if way in set(Via) else Via.TOKEN
    return AuditEntry(
        id=new_id(),
        at=now - timedelta(minutes=minutes, seconds=7 * minutes % 60),
        action=action,
        user_id=ids.get(who),
        actor_id=ids.get(who),
        actor=f"{who}@acme.example" if who else "",
        via=via,
        token=way if via is Via.TOKEN else None,
        address="198.51.100.7" if who else "203.0.113.66",
        target=AuditTarget(kind=kind, id="example", name=named) if kind else None,
        **more,
    )
