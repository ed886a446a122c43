"""What people read in the audit log: every action has its words, and no entry is without."""

from typing import Any

import pytest

from components.audit_table import audit_row
from components.audit_words import CHOICES, WORDS
from cronpp_app.domain.audit import (
    AuditAction,
    AuditEntry,
    AuditTarget,
    FieldChange,
    Via,
    changed_fields,
)
from cronpp_app.domain.jobs import HttpAction, LogAction
from cronpp_app.domain.schedules import CronSchedule
from tests.factories import NOON, job_definition


def entry(action: AuditAction, **fields: Any) -> AuditEntry:
    usual = {"id": "e", "at": NOON, "user_id": "ada", "actor_id": "ada", "via": Via.PAGE}
    return AuditEntry(action=action, actor="ada@example.org", **(usual | fields))


@pytest.mark.parametrize("action", AuditAction)
def test_every_action_has_words_an_icon_and_a_choice(action: AuditAction) -> None:
    row = audit_row(entry(action))
    assert row["words"] == WORDS[action]
    assert row["icon"]
    assert CHOICES[action.value]


def test_an_operation_on_many_tells_how_many() -> None:
    assert audit_row(entry(AuditAction.JOBS_PAUSED, count=12))["name"] == "12 jobs"
    assert audit_row(entry(AuditAction.RUNS_REPLAYED, count=1))["name"] == "1 run"


def test_a_refused_sign_in_tells_whose_account_was_meant_and_nothing_of_an_unknown_one() -> None:
    target = AuditTarget(kind="account", id="bob", name="bob@example.org")
    stranger = {"actor_id": None, "user_id": None}
    known = entry(AuditAction.SIGN_IN_REFUSED, target=target, **stranger)
    unknown = entry(AuditAction.SIGN_IN_REFUSED, **stranger)
    rows = [audit_row(AuditEntry(**{**_fields(one), "actor": ""})) for one in (known, unknown)]
    assert [row["actor"] for row in rows] == ["bob@example.org", "An unknown address"]
    assert [row["name"] for row in rows] == ["", ""]


def _fields(one: AuditEntry) -> dict[str, Any]:
    return {name: getattr(one, name) for name in AuditEntry.__slots__}


def test_changes_are_told_in_one_line_with_values_only_where_they_are_harmless() -> None:
    before = job_definition(
        name="Old", action=HttpAction(method="GET", url="https://a.example/?k=1")
    )
    after = job_definition(
        name="New",
        schedule=CronSchedule(cron="30 2 * * *"),
        action=HttpAction(method="PUT", url="https://a.example/?k=2", body="hush"),
    )
    told = audit_row(entry(AuditAction.JOB_EDITED, changes=changed_fields(before, after)))["note"]
    assert told == (
        "name: Old → New · schedule: Every hour, on the hour → Every day at 02:30 · "
        "method: GET → PUT · body changed · url changed"
    )


def test_another_kind_of_action_is_told_as_that() -> None:
    other = job_definition(action=LogAction(message="hush"))
    assert changed_fields(job_definition(), other) == (FieldChange(field="action.kind"),)
    assert changed_fields(other, other) == ()
