"""What administrators do. Everybody else is refused."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import JSONResponse, Response

from cronpp_app.api.admin_schemas import PersonAnswer, WorkersAnswer
from cronpp_app.api.answers import page_answer
from cronpp_app.api.audit import AuditParameters, entry_fields
from cronpp_app.api.audit_schemas import AuditEntryAnswer
from cronpp_app.api.bodies import JsonBody
from cronpp_app.api.documented import RoleChange, body_of, problems
from cronpp_app.api.requests import Api, CurrentUser, Paging
from cronpp_app.api.schemas import PageAnswer
from cronpp_app.services.administration import LONGEST_SEARCH, Person
from cronpp_app.services.audit import AuditQuery
from cronpp_app.services.draft_types import Text
from cronpp_app.services.drafts import check_fields
from cronpp_app.services.overview import WorkerInfo
from cronpp_app.services.texts import moment_text


class PeopleParameters(Paging):
    """The query of the list of accounts."""

    q: Annotated[str, Text(0, LONGEST_SEARCH)] = Field(
        default="", description="beginning of the e-mail address"
    )


class AllAuditParameters(AuditParameters):
    """The query of the whole audit log."""

    user_id: Annotated[str, Text(1, 100)] | None = Field(
        default=None, description="only entries that concern this person, or are by them"
    )


router = APIRouter(prefix="/admin", tags=["admin"])


@router.get("/users", responses={200: {"model": PageAnswer[PersonAnswer]}, **problems(403, 422)})
async def people(
    api: Api, user: CurrentUser, query: Annotated[PeopleParameters, Query()]
) -> Response:
    """List all accounts by e-mail address."""
    async with api.lists:
        page = await api.administration.people(
            user, beginning=query.q, limit=query.limit, cursor=query.cursor
        )
    return await page_answer(page, _person_fields)


@router.get("/users/{user_id}", responses={200: {"model": PersonAnswer}, **problems(403, 404)})
async def person(api: Api, user: CurrentUser, user_id: str) -> Response:
    """Return an account."""
    return _person_answer(await api.administration.person(user, user_id))


@router.patch(
    "/users/{user_id}",
    openapi_extra=body_of(RoleChange, {"role": "admin"}),
    responses={200: {"model": PersonAnswer}, **problems(403, 404, 409, 413, 415, 422)},
)
async def change(api: Api, user: CurrentUser, user_id: str, body: JsonBody) -> Response:
    """Change the role of an account. There is always an administrator who can sign in."""
    role = check_fields(RoleChange, body).role
    return _person_answer(await api.administration.set_role(user, user_id, role))


@router.post(
    "/users/{user_id}/disable",
    responses={200: {"model": PersonAnswer}, **problems(403, 404, 409)},
)
async def disable(api: Api, user: CurrentUser, user_id: str) -> Response:
    """Disable an account: its sessions end, its tokens open nothing, its jobs are paused."""
    return _person_answer(await api.administration.disable(user, user_id))


@router.post(
    "/users/{user_id}/enable", responses={200: {"model": PersonAnswer}, **problems(403, 404)}
)
async def enable(api: Api, user: CurrentUser, user_id: str) -> Response:
    """Enable an account again; jobs that were paused with it go on, nothing is caught up."""
    return _person_answer(await api.administration.enable(user, user_id))


@router.get(
    "/audit", responses={200: {"model": PageAnswer[AuditEntryAnswer]}, **problems(403, 422)}
)
async def audit(
    api: Api, user: CurrentUser, query: Annotated[AllAuditParameters, Query()]
) -> Response:
    """List the whole audit log, the newest first."""
    async with api.lists:
        page = await api.administration.audit(user, AuditQuery(**query.model_dump()))
    return await page_answer(page, entry_fields)


@router.get("/workers", responses={200: {"model": WorkersAnswer}, **problems(403)})
async def workers(api: Api, user: CurrentUser) -> Response:
    """List the workers seen in the last 30 s."""
    await api.administration.check(user)
    return JSONResponse({"items": [_worker_fields(one) for one in await api.overviews.workers()]})


def _person_answer(person: Person) -> Response:
    return JSONResponse(_person_fields(person))


def _person_fields(person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "email": person.email,
        "role": person.role,
        "created_at": moment_text(person.created_at),
        "last_sign_in_at": moment_text(person.signed_in_at) if person.signed_in_at else None,
        "disabled": person.disabled_at is not None,
        "disabled_at": moment_text(person.disabled_at) if person.disabled_at else None,
        "jobs": person.jobs,
        "runs_24h": person.runs_24h,
    }


def _worker_fields(worker: WorkerInfo) -> dict[str, Any]:
    moments = {
        "started_at": moment_text(worker.started_at),
        "seen_at": moment_text(worker.seen_at),
    }
    return asdict(worker) | moments
