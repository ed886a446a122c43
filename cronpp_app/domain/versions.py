"""Versions of a job: what it was defined as before, and how each definition came to be."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cronpp_app.domain.audit import FieldChange, Via
from cronpp_app.domain.jobs import JobDefinition


class Origin(StrEnum):
    """How a version came to be; these words are part of the public interface."""

    CREATED = "created"
    EDITED = "edited"
    RESTORED = "restored"  # an earlier version was made the present one again
    BROUGHT_BACK = "brought_back"  # the job had been deleted, and that was taken back


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What made a version of the one before: when, how, by which way, and what is different.

    `token` is the name of the API token; `via` is None if it is not known. `restored_from` is
    the version that was restored. `fields` are told as in the audit log, nothing secret in them.
    """

    at: datetime
    origin: Origin
    via: Via | None = None
    token: str | None = None
    restored_from: int | None = None
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """An earlier definition of a job, and the change that made the next version of it."""

    version: int
    definition: JobDefinition
    change: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class JobVersion:
    """A version of a job and the change it came to be by, None if that is not kept.

    `before` is the definition of the version before it; None for the first one, and if it is
    not kept.
    """

    version: int
    definition: JobDefinition
    is_present: bool
    change: Change | None
    before: JobDefinition | None
