"""The versions of a job."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from cronpp_app.api.answers import job_answer, page_answer
from cronpp_app.api.documented import problems
from cronpp_app.api.job_schemas import JobAnswer
from cronpp_app.api.requests import Api, CurrentUser, IfMatch, Paging, check_version, versions_of
from cronpp_app.api.schemas import PageAnswer
from cronpp_app.api.version_schemas import VersionAnswer
from cronpp_app.services.fields import definition_fields
from cronpp_app.services.texts import moment_text
from cronpp_app.services.versions import JobVersion, VersionQuery

_LARGEST = 999_999_999

router = APIRouter(prefix="/jobs/{job_id}/versions", tags=["jobs"])


@router.get("", responses={200: {"model": PageAnswer[VersionAnswer]}, **problems(404, 422)})
async def search(
    api: Api, user: CurrentUser, job_id: str, query: Annotated[Paging, Query()]
) -> Response:
    """List the versions of a job, the newest first: the present one and the 50 before it."""
    async with api.lists:
        page = await api.versions.search(user, job_id, VersionQuery(**query.model_dump()))
    return await page_answer(page, version_fields)


@router.post(
    "/{version}/restore",
    responses={200: {"model": JobAnswer}, **problems(403, 404, 409, 412, 422)},
)
async def restore(
    api: Api,
    user: CurrentUser,
    job_id: str,
    version: Annotated[int, Path(ge=1, le=_LARGEST, examples=[1])],
    if_match: IfMatch = None,
) -> Response:
    """Define a job as it was in an earlier version, secrets included; that is a new version."""
    wanted, known = versions_of(if_match), None
    if wanted is not None:
        job = await api.jobs.get(user, job_id)
        check_version(job, wanted)
        known = job.version
    return job_answer(await api.versions.restore(user, job_id, version, if_version=known))


def version_fields(one: JobVersion) -> dict[str, Any]:
    """Return a version as JSON, secrets masked."""
    change = one.change
    return {
        "version": one.version,
        "present": one.is_present,
        "changed_at": moment_text(change.at) if change else None,
        "origin": change.origin.value if change else None,
        "restored_from": change.restored_from if change else None,
        "via": change.via.value if change and change.via else None,
        "token": change.token if change else None,
        "changes": [asdict(field) for field in change.fields] if change else None,
        "definition": definition_fields(one.definition),
    }
