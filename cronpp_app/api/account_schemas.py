"""Answers about one's own account."""

from typing import Literal

from pydantic import AwareDatetime

from cronpp_app.api.audit_schemas import AuditEntryAnswer
from cronpp_app.api.job_schemas import ExportedJobAnswer
from cronpp_app.api.schemas import (
    Answer,
    RunSummaryAnswer,
    SessionAnswer,
    TokenAnswer,
    UserAnswer,
)


class AccountExportAnswer(Answer):
    """All that is kept of a person; `secrets` are names."""

    format: Literal["cronpp-account"]
    exported_at: AwareDatetime
    profile: UserAnswer
    sessions: list[SessionAnswer]
    tokens: list[TokenAnswer]
    secrets: list[str]
    runs: RunSummaryAnswer
    jobs: list[ExportedJobAnswer]
    audit: list[AuditEntryAnswer]
