"""Answers about the versions of a job."""

from pydantic import AwareDatetime, Field

from cronpp_app.api.audit_schemas import FieldChangeAnswer
from cronpp_app.api.job_schemas import DefinitionAnswer
from cronpp_app.api.schemas import Answer
from cronpp_app.domain.audit import Via
from cronpp_app.domain.versions import Origin


class VersionAnswer(Answer):
    """A version of a job, how it came to be, and what it changed of the one before.

    The fields from `changed_at` to `changes` are null where the version before is not kept.
    """

    version: int
    present: bool = Field(description="whether it is what the job is now")
    changed_at: AwareDatetime | None
    origin: Origin | None
    restored_from: int | None = Field(examples=[None])
    via: Via | None = Field(description="null also for the first version")
    token: str | None = Field(examples=["CI"])
    changes: list[FieldChangeAnswer] | None
    definition: DefinitionAnswer
