"""Jobs."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from cronpp_app.api.answers import answered_once, job_answer, new_job, page_answer, started_run
from cronpp_app.api.bodies import JsonBody
from cronpp_app.api.documented import JOB_EXAMPLE, JobChanges, body_of, problems
from cronpp_app.api.job_schemas import JobAnswer
from cronpp_app.api.requests import (
    Api,
    CurrentUser,
    IdempotencyKey,
    IfMatch,
    JobParameters,
    JobRunParameters,
    check_version,
    versions_of,
)
from cronpp_app.api.run_schemas import ListedRunAnswer, StartedRunAnswer
from cronpp_app.api.schemas import PageAnswer
from cronpp_app.domain.jobs import Job
from cronpp_app.errors import Conflict, StaleVersion
from cronpp_app.services.accounts import User
from cronpp_app.services.draft_models import JobDraft
from cronpp_app.services.drafts import (
    enabled_of,
    job_fields,
    parse_changes,
    parse_job,
    run_fields,
)
from cronpp_app.services.idempotency import Answer, Turn
from cronpp_app.services.jobs import JobQuery
from cronpp_app.services.runs import RunQuery

_TRIES = 10
_CHANGES_EXAMPLE = {"schedule": {"cron": "0 3 * * *"}, "tags": ["billing", "night"]}


router = APIRouter(prefix="/jobs", tags=["jobs"])


@router.post(
    "",
    status_code=201,
    openapi_extra=body_of(JobDraft, JOB_EXAMPLE),
    responses={201: {"model": JobAnswer}, **problems(403, 409, 413, 415, 422)},
)
async def create(
    api: Api, user: CurrentUser, body: JsonBody, key: IdempotencyKey = None
) -> Response:
    """Create a job; it is the caller's, and on its timetable unless `enabled` is false."""

    async def do(turn: Turn) -> Answer:
        definition = parse_job(body, now=api.clock(), check_target=api.jobs.check_target)
        enabled = enabled_of(body) is not False
        return new_job(
            await api.jobs.create(user, definition, enabled=enabled, job_id=turn.creates)
        )

    return await answered_once(api.idempotency, user, key, request=["create", body], do=do)


@router.get("", responses={200: {"model": PageAnswer[JobAnswer]}, **problems(422)})
async def search(api: Api, user: CurrentUser, query: Annotated[JobParameters, Query()]) -> Response:
    """List the caller's jobs."""
    async with api.lists:
        page = await api.jobs.search(user, JobQuery(**query.model_dump()))
    return await page_answer(page, job_fields)


@router.get("/{job_id}", responses={200: {"model": JobAnswer}, **problems(404)})
async def get(api: Api, user: CurrentUser, job_id: str) -> Response:
    """Return a job; its `ETag` is its version."""
    return job_answer(await api.jobs.get(user, job_id))


@router.patch(
    "/{job_id}",
    openapi_extra=body_of(JobChanges, _CHANGES_EXAMPLE),
    responses={
        200: {"model": JobAnswer},
        **problems(403, 404, 409, 412, 413, 415, 422),
    },
)
async def edit(
    api: Api, user: CurrentUser, job_id: str, body: JsonBody, if_match: IfMatch = None
) -> Response:
    """Change a job: the fields given, and of its parts the fields given of them."""
    return job_answer(await _edited(api, user, job_id, body, wanted=versions_of(if_match)))


@router.delete("/{job_id}", status_code=204, responses=problems(403, 404, 412))
async def delete(api: Api, user: CurrentUser, job_id: str, if_match: IfMatch = None) -> Response:
    """Delete a job; its waiting runs end as CANCELLED."""
    wanted = versions_of(if_match)
    version = None
    if wanted is not None:
        job = await api.jobs.get(user, job_id)
        check_version(job, wanted)
        version = job.version
    await api.jobs.delete(user, job_id, if_version=version)
    return Response(status_code=204)


@router.post("/{job_id}/pause", responses={200: {"model": JobAnswer}, **problems(403, 404)})
async def pause(api: Api, user: CurrentUser, job_id: str) -> Response:
    """Pause a job: no new attempt starts, running ones finish."""
    return job_answer(await api.jobs.pause(user, job_id))


@router.post("/{job_id}/resume", responses={200: {"model": JobAnswer}, **problems(403, 404, 409)})
async def resume(api: Api, user: CurrentUser, job_id: str) -> Response:
    """Put a job back on its timetable; what passed meanwhile is not caught up.

    `X-Cronpp-Skipped` says how many fire times that were; 10000 means as many or more.
    """
    resumed = await api.jobs.resume(user, job_id)
    answer = job_answer(resumed.job)
    answer.headers["X-Cronpp-Skipped"] = str(resumed.skipped)
    return answer


@router.post(
    "/{job_id}/run",
    status_code=202,
    responses={202: {"model": StartedRunAnswer}, **problems(403, 404, 409, 422)},
)
async def run(api: Api, user: CurrentUser, job_id: str, key: IdempotencyKey = None) -> Response:
    """Run a job now, whether paused or not, without moving its schedule."""

    async def do(turn: Turn) -> Answer:
        return started_run(await api.jobs.run_now(user, job_id, run_id=turn.creates))

    return await answered_once(api.idempotency, user, key, request=["run", job_id], do=do)


@router.post(
    "/{job_id}/duplicate",
    status_code=201,
    responses={201: {"model": JobAnswer}, **problems(403, 404, 409, 422)},
)
async def duplicate(
    api: Api, user: CurrentUser, job_id: str, key: IdempotencyKey = None
) -> Response:
    """Make a paused copy of a job."""

    async def do(turn: Turn) -> Answer:
        return new_job(await api.jobs.duplicate(user, job_id, copy_id=turn.creates))

    return await answered_once(api.idempotency, user, key, request=["duplicate", job_id], do=do)


@router.get(
    "/{job_id}/runs",
    responses={200: {"model": PageAnswer[ListedRunAnswer]}, **problems(404, 422)},
)
async def runs_of(
    api: Api, user: CurrentUser, job_id: str, query: Annotated[JobRunParameters, Query()]
) -> Response:
    """List a job's runs, newest first."""
    await api.jobs.get(user, job_id)
    async with api.lists:
        page = await api.runs.search(user, RunQuery(job_id=job_id, **query.model_dump()))
    return await page_answer(page, run_fields)


async def _edited(
    api: Api, user: User, job_id: str, body: object, *, wanted: frozenset[int] | None
) -> Job:
    """Return the job changed by `body`; without a wanted version, whatever others change too."""
    for _ in range(_TRIES):
        job = await api.jobs.get(user, job_id)
        check_version(job, wanted)
        definition = parse_changes(job, body, now=api.clock(), check_target=api.jobs.check_target)
        try:
            if definition != job.definition:
                job = await api.jobs.edit(user, job_id, definition, if_version=job.version)
        except StaleVersion:
            continue  # merge into what others made of it, or say that it is another version
        enabled = enabled_of(body)
        if enabled is None or enabled == job.enabled:
            return job
        return await _switched(api, user, job_id, enabled=enabled)
    raise Conflict("This job keeps being changed by others; try again.")


async def _switched(api: Api, user: User, job_id: str, *, enabled: bool) -> Job:
    if enabled:
        return (await api.jobs.resume(user, job_id)).job
    return await api.jobs.pause(user, job_id)
