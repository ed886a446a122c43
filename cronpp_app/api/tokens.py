"""API tokens: made and ended by people who are signed in, used by their programs."""

import json
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from cronpp_app.api.answers import answered_once, page_answer
from cronpp_app.api.bodies import JsonBody
from cronpp_app.api.documented import TOKEN_EXAMPLE, body_of, problems
from cronpp_app.api.requests import Api, CurrentUser, IdempotencyKey, Paging
from cronpp_app.api.schemas import NewTokenAnswer, PageAnswer, TokenAnswer
from cronpp_app.services.drafts import check_fields
from cronpp_app.services.idempotency import Answer, Turn
from cronpp_app.services.texts import moment_text
from cronpp_app.services.tokens import ApiToken, TokenDraft

router = APIRouter(prefix="/tokens", tags=["tokens"])


@router.get("", responses={200: {"model": PageAnswer[TokenAnswer]}, **problems(403, 422)})
async def search(api: Api, user: CurrentUser, query: Annotated[Paging, Query()]) -> Response:
    """List the caller's API tokens, the newest first; the tokens themselves are not shown."""
    page = await api.tokens.list(user, limit=query.limit, cursor=query.cursor)
    return await page_answer(page, token_fields)


@router.post(
    "",
    status_code=201,
    openapi_extra=body_of(TokenDraft, TOKEN_EXAMPLE),
    responses={201: {"model": NewTokenAnswer}, **problems(403, 409, 413, 415, 422)},
)
async def create(
    api: Api, user: CurrentUser, body: JsonBody, key: IdempotencyKey = None
) -> Response:
    """Make an API token; `token` is shown this once."""

    async def do(_: Turn) -> Answer:
        made = await api.tokens.create(user, check_fields(TokenDraft, body, now=api.clock()))
        fields = {**token_fields(made.token), "token": made.secret}
        return Answer(status=201, body=json.dumps(fields, ensure_ascii=False), headers={})

    return await answered_once(api.idempotency, user, key, request=["token", body], do=do)


@router.delete("/{token_id}", status_code=204, responses=problems(403, 404))
async def delete(api: Api, user: CurrentUser, token_id: str) -> Response:
    """Delete an API token; it opens nothing any more."""
    await api.tokens.delete(user, token_id)
    return Response(status_code=204)


def token_fields(token: ApiToken) -> dict[str, object]:
    """Return an API token as JSON, without the token itself."""
    return {
        "id": token.id,
        "name": token.name,
        "scope": token.scope,
        "ending": token.ending,
        "created_at": moment_text(token.created_at),
        "expires_at": moment_text(token.expires_at) if token.expires_at else None,
        "last_used_at": moment_text(token.last_used_at) if token.last_used_at else None,
    }
