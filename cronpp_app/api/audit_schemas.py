"""Answers about the audit log."""

from pydantic import AwareDatetime, Field

from cronpp_app.api.schemas import Answer
from cronpp_app.domain.audit import AuditAction, Via


class AuditTargetAnswer(Answer):
    """What was acted on, with its name at that time."""

    kind: str
    id: str
    name: str


class FieldChangeAnswer(Answer):
    """A field that was changed; its values only where they cannot be secret."""

    field: str
    before: str | None
    after: str | None


class AuditEntryAnswer(Answer):
    """One thing that somebody did.

    `user_id` is whom it concerns; `actor_id` and `actor` who did it, null and empty if that is
    not known. `token` is the name of the API token that was used, `count` how many were changed
    at once. `address` is null where somebody else acted.
    """

    id: str
    at: AwareDatetime
    action: AuditAction
    user_id: str | None
    actor_id: str | None
    actor: str
    via: Via
    token: str | None = Field(examples=["CI"])
    address: str | None
    target: AuditTargetAnswer | None
    changes: list[FieldChangeAnswer]
    count: int | None = Field(examples=[None])
