"""How routes are described in the OpenAPI document."""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from cronpp_app.api.problems import MEDIA_TYPE, problem_fields, summary_of
from cronpp_app.domain.jobs import JobStatus
from cronpp_app.domain.runs import RunStatus
from cronpp_app.services.administration import Role
from cronpp_app.services.bulk import BulkOperation
from cronpp_app.services.draft_models import ActionTest, JobDraft, ScheduleDraft, Strict
from cronpp_app.services.draft_types import OptionalMoment, Text, Whole, refuse
from cronpp_app.services.jobs import LONGEST_SEARCH
from cronpp_app.services.secrets import NewSecretDraft, SecretDraft
from cronpp_app.services.tokens import TokenDraft
from cronpp_app.services.transfer import FORMAT, MOST_IMPORTED

_WHY: Final = {
    401: "Not signed in",
    403: "Not allowed",
    404: "Not there, or not yours",
    409: "The present state forbids it",
    412: "`If-Match` names another version",
    413: "More than 1 MiB",
    415: "Not JSON",
    422: "One or more fields are wrong; nothing was stored",
    429: "Too many requests; `Retry-After` says when to come back",
    503: "The database does not answer",
}
# What such errors say, for the document's examples.
_SAID: Final = {
    401: "Sign in first: send Authorization: Bearer <token>.",
    403: "This API token may only read; use one with the scope write.",
    404: "There is no job 6b0432b19d40bab965fb1df6.",
    409: "The schedule of this job has ended; give it another one first.",
    412: "This job is at version 4 by now; load it again.",
    413: "The request body must be at most 1 MiB.",
    415: "Send JSON, with Content-Type: application/json.",
    429: "More than 600 requests in a minute; slow down.",
    503: "MongoDB does not answer; try again in a moment.",
}
_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_RETRY_AFTER = {"Retry-After": {"schema": {"type": "integer"}, "description": "seconds"}}
JOB_EXAMPLE: Final[dict[str, Any]] = {
    "name": "Nightly export",
    "tags": ["billing"],
    "schedule": {"kind": "cron", "cron": "30 2 * * *", "timezone": "Europe/Berlin"},
    "action": {
        "kind": "http",
        "method": "POST",
        "url": "https://example.org/hook",
        "headers": {"Content-Type": "application/json"},
        "body": '{"full": true}',
    },
    "retry": {"max_retries": 5},
}
SIGN_IN_EXAMPLE: Final = {"email": "ada@example.org", "password": "correct horse battery"}
TOKEN_EXAMPLE: Final = {"name": "CI", "scope": "read", "expires_at": "2099-01-01T00:00:00Z"}


class Credentials(Strict):
    """An e-mail address and a password."""

    email: str
    password: str


class PasswordChange(Strict):
    """The present password and the new one, 8 to 256 characters long."""

    current: str
    new: str


class AccountDeletion(Strict):
    """The present password: what cannot be taken back is asked for twice."""

    password: str


class RoleChange(Strict):
    """Another role of an account."""

    role: Annotated[Role, Field(strict=False)]


class PreviewDraft(Strict):
    """A schedule, and which of its fire times to show."""

    schedule: ScheduleDraft
    after: OptionalMoment = None
    count: Annotated[int, Whole(1, 100)] = 5


class ReplayFilter(Strict):
    """Which final runs: by default those that failed; fire times from `since` to `until`."""

    status: Annotated[RunStatus, Field(strict=False)] = RunStatus.FAILED
    job_id: Annotated[str, Text(1, 100)] | None = None
    since: OptionalMoment = None
    until: OptionalMoment = None


class ReplayDraft(Strict):
    """Which runs to replay; `{}` as the filter means all that failed."""

    filter: ReplayFilter


class BulkFilter(Strict):
    """Which jobs; the same as in the query of the list of jobs."""

    status: Annotated[JobStatus, Field(strict=False)] | None = None
    tag: Annotated[str, Text(1, 50)] | None = None
    q: Annotated[str, Text(0, LONGEST_SEARCH)] = ""


class BulkDraft(Strict):
    """An operation on jobs named by their ids, or by a filter (empty: all of them)."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["ids"]}, {"required": ["filter"]}]}
    )

    ids: list[str] | None = Field(default=None, json_schema_extra={"minItems": 1})
    filter: BulkFilter | None = None
    operation: Annotated[BulkOperation, Field(strict=False)]

    @field_validator("ids")
    @classmethod
    def _some(cls, ids: list[str] | None) -> list[str] | None:
        if ids is not None and not ids:
            refuse("Must name at least one job.")
        return ids

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.ids is None) == (self.filter is None):
            refuse("Give either ids or filter, exactly one of them.", field="ids")
        return self


class ImportedJob(JobDraft):
    """A job of an export; `id` is that of the job it was exported from."""

    id: str | None = None


class ImportDraft(Strict):
    """An export."""

    jobs: list[ImportedJob] = Field(max_length=MOST_IMPORTED)
    format: Literal["cronpp-jobs"] = FORMAT
    exported_at: str | None = None


class JobChanges(JobDraft):
    """Fields of a job to change; those that are not given stay."""

    model_config = ConfigDict(json_schema_extra=lambda schema: schema.pop("required", None))


REQUEST_MODELS: Final[tuple[type[BaseModel], ...]] = (
    Credentials,
    PasswordChange,
    AccountDeletion,
    PreviewDraft,
    ReplayDraft,
    JobDraft,
    JobChanges,
    TokenDraft,
    BulkDraft,
    ActionTest,
    ImportDraft,
    NewSecretDraft,
    SecretDraft,
    RoleChange,
)


def body_of(model: type[BaseModel], example: dict[str, Any]) -> dict[str, Any]:
    """Return the `openapi_extra` of a route that reads a body shaped like `model`."""
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    content = {"application/json": {"schema": schema, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


def problems(*statuses: int, signed_in: bool = True) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a route that may fail with `statuses`, and as every route may."""
    usual = {401, 429, 503} if signed_in else {429, 503}
    described: dict[int | str, dict[str, Any]] = {}
    for status in sorted({*statuses, *usual}):
        content = {MEDIA_TYPE: {"schema": _PROBLEM, "example": _problem_example(status)}}
        described[status] = {"description": _WHY[status], "content": content}
        if status in {429, 503}:
            described[status]["headers"] = _RETRY_AFTER
    return described


def _problem_example(status: int) -> dict[str, Any]:
    errors = [{"field": "schedule.cron", "message": "Must have five or six fields, not 4."}]
    if status == 422:
        return problem_fields(422, summary_of(errors), errors=errors)
    return problem_fields(status, _SAID[status])
