"""What routes ask of a request: who makes it, and the values of its query and headers."""

import re
from collections import Counter
from typing import Annotated, Literal

from fastapi import Depends, Header, Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from cronpp_app.api.offered import ApiServices
from cronpp_app.domain.jobs import Job, JobStatus
from cronpp_app.domain.runs import RunStatus
from cronpp_app.errors import FieldError, InvalidInput, NotSignedIn, StaleVersion
from cronpp_app.services.accounts import Identity, User
from cronpp_app.services.draft_types import Moment, Text, Whole
from cronpp_app.services.jobs import LONGEST_SEARCH
from cronpp_app.services.paging import MOST_PER_PAGE

_DIGITS = re.compile(r"-?[0-9]{1,18}")
_TAG = re.compile(r'(?:W/)?"([^"]*)"|(\S+)')


def _services_of(request: Request) -> ApiServices:
    services: ApiServices = request.app.state.services
    return services


def identity_of(request: Request) -> Identity:
    """Return who makes the request, as the gate found out; raise NotSignedIn for nobody."""
    identity = getattr(request.state, "identity", None)
    if not isinstance(identity, Identity):
        raise NotSignedIn("Sign in first: send Authorization: Bearer <token>.")
    return identity


def each_parameter_once(request: Request) -> None:
    """Raise InvalidInput for query parameters given more than once: which one counts is a guess."""
    counts = Counter(name for name, _ in request.query_params.multi_items())
    repeated = [name for name, count in counts.items() if count > 1]
    if repeated:
        raise InvalidInput(*(FieldError(name, "Is given more than once.") for name in repeated))


def _user_of(identity: Annotated[Identity, Depends(identity_of)]) -> User:
    return identity.user


Api = Annotated[ApiServices, Depends(_services_of)]
CurrentIdentity = Annotated[Identity, Depends(identity_of)]
CurrentUser = Annotated[User, Depends(_user_of)]
IdempotencyKey = Annotated[
    str | None,
    Header(alias="Idempotency-Key", description="Makes a repeated request return the first answer"),
]
IfMatch = Annotated[
    str | None, Header(alias="If-Match", description='Only if this is the version, like "3"')
]


def _number(value: object) -> object:
    return int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else value


class Paging(BaseModel):
    """The query of every list."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Whole(1, MOST_PER_PAGE), BeforeValidator(_number)] = 50
    cursor: str | None = Field(default=None, description="`next_cursor` of the page before")


class JobParameters(Paging):
    """The query of a list of jobs."""

    status: JobStatus | None = None
    tag: Annotated[str, Text(1, 50)] | None = None
    q: Annotated[str, Text(0, LONGEST_SEARCH)] = Field(
        default="", description="beginnings of words of name, tags or URL"
    )
    sort: Literal[
        "name",
        "next_run_time",
        "last_run",
        "created_at",
        "-name",
        "-next_run_time",
        "-last_run",
        "-created_at",
    ] = Field(default="next_run_time", description="with - before the name descending")


class JobRunParameters(Paging):
    """The query of a list of one job's runs."""

    status: RunStatus | None = None
    since: Moment | None = Field(default=None, description="first fire time, inclusive")
    until: Moment | None = Field(default=None, description="last fire time, exclusive")


class RunParameters(JobRunParameters):
    """The query of a list of runs."""

    job_id: str | None = None


def versions_of(if_match: str | None) -> frozenset[int] | None:
    """Return the versions an `If-Match` header (RFC 9110, 13.1.1) accepts; None: all of them."""
    if if_match is None or if_match.strip() == "*":
        return None
    found = (quoted or bare for quoted, bare in _TAG.findall(if_match.replace(",", " ")))
    return frozenset(int(text) for text in found if text.isascii() and text.isdecimal())


def check_version(job: Job, wanted: frozenset[int] | None) -> None:
    """Raise StaleVersion unless `job` is at a version that is wanted."""
    if wanted is not None and job.version not in wanted:
        raise StaleVersion(f"This job is at version {job.version} by now; load it again.")
