"""Secrets that jobs refer to; their values go in and never come out."""

import json
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse, Response

from cronpp_app.api.answers import answered_once, page_answer
from cronpp_app.api.bodies import JsonBody
from cronpp_app.api.documented import body_of, problems
from cronpp_app.api.requests import Api, CurrentUser, IdempotencyKey, Paging
from cronpp_app.api.schemas import PageAnswer, SecretAnswer
from cronpp_app.services.drafts import check_fields
from cronpp_app.services.idempotency import Answer, Turn
from cronpp_app.services.secrets import NewSecretDraft, Secret, SecretDraft
from cronpp_app.services.texts import moment_text

router = APIRouter(prefix="/secrets", tags=["secrets"])

_NEW = body_of(NewSecretDraft, {"name": "GITHUB_TOKEN", "value": "ghp_0123456789"})
_VALUE = body_of(SecretDraft, {"value": "ghp_9876543210"})


@router.get("", responses={200: {"model": PageAnswer[SecretAnswer]}, **problems(403, 422)})
async def search(api: Api, user: CurrentUser, query: Annotated[Paging, Query()]) -> Response:
    """List the caller's secrets by name; of their values only the masks."""
    page = await api.secrets.list(user, limit=query.limit, cursor=query.cursor)
    return await page_answer(page, _secret_fields)


@router.post(
    "",
    status_code=201,
    openapi_extra=_NEW,
    responses={201: {"model": SecretAnswer}, **problems(403, 409, 413, 415, 422)},
)
async def create(
    api: Api, user: CurrentUser, body: JsonBody, key: IdempotencyKey = None
) -> Response:
    """Make a secret that jobs refer to as `{{secret.NAME}}` in URL, headers and body."""

    async def do(_: Turn) -> Answer:
        made = await api.secrets.create(user, check_fields(NewSecretDraft, body))
        headers = {"Location": f"/api/secrets/{made.name}"}
        return Answer(status=201, body=json.dumps(_secret_fields(made)), headers=headers)

    return await answered_once(api.idempotency, user, key, request=["secret", body], do=do)


@router.put(
    "/{name}",
    openapi_extra=_VALUE,
    responses={200: {"model": SecretAnswer}, **problems(403, 404, 413, 415, 422)},
)
async def replace(api: Api, user: CurrentUser, name: str, body: JsonBody) -> Response:
    """Give a secret another value; runs that begin some seconds later use it."""
    draft = check_fields(SecretDraft, body)
    return JSONResponse(_secret_fields(await api.secrets.replace(user, name, draft)))


@router.delete("/{name}", status_code=204, responses=problems(403, 404))
async def delete(api: Api, user: CurrentUser, name: str) -> Response:
    """Delete a secret; runs of jobs that still refer to it fail."""
    await api.secrets.delete(user, name)
    return Response(status_code=204)


def _secret_fields(secret: Secret) -> dict[str, object]:
    return {
        "name": secret.name,
        "value": secret.shown,
        "used_by": secret.used_by,
        "created_at": moment_text(secret.created_at),
        "updated_at": moment_text(secret.updated_at),
    }
