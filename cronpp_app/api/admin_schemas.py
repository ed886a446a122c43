"""Answers about all accounts, for administrators."""

from pydantic import AwareDatetime, Field

from cronpp_app.api.schemas import Answer
from cronpp_app.services.administration import Role


class PersonAnswer(Answer):
    """An account; jobs and runs are counted to 10,000, which means as many or more."""

    id: str
    email: str
    role: Role
    created_at: AwareDatetime
    last_sign_in_at: AwareDatetime | None
    disabled: bool = Field(examples=[False])
    disabled_at: AwareDatetime | None = Field(examples=[None])
    jobs: int
    runs_24h: int = Field(description="runs due in the last 24 hours")


class WorkerAnswer(Answer):
    """A worker seen in the last 30 s."""

    id: str
    host: str
    pid: int
    version: str
    slots: int
    busy: int
    started_at: AwareDatetime
    seen_at: AwareDatetime


class WorkersAnswer(Answer):
    """The workers seen in the last 30 s."""

    items: list[WorkerAnswer]
