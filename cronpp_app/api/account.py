"""One's own account: taking along what is known of it, and deleting it."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from cronpp_app.api.account_schemas import AccountExportAnswer
from cronpp_app.api.answers import json_items
from cronpp_app.api.audit import entry_fields
from cronpp_app.api.auth import signed_out, user_fields
from cronpp_app.api.bodies import JsonBody
from cronpp_app.api.documented import AccountDeletion, body_of, problems
from cronpp_app.api.offered import ApiServices
from cronpp_app.api.requests import Api, CurrentIdentity
from cronpp_app.api.sessions import session_fields
from cronpp_app.api.tokens import token_fields
from cronpp_app.services.audit import AuditQuery
from cronpp_app.services.drafts import check_fields
from cronpp_app.services.identities import Identity
from cronpp_app.services.paging import MOST_PER_PAGE, Item, Page
from cronpp_app.services.runs import RunSummary
from cronpp_app.services.texts import moment_text

FORMAT = "cronpp-account"
_DOWNLOAD = {
    "Content-Disposition": 'attachment; filename="cronpp-account.json"',
    "Cache-Control": "no-store",
}
_DELETION = body_of(AccountDeletion, {"password": "the present one"})

router = APIRouter(prefix="/auth/me", tags=["accounts"])


@router.delete(
    "", status_code=204, openapi_extra=_DELETION, responses=problems(403, 409, 413, 415, 422)
)
async def delete(api: Api, request: Request, identity: CurrentIdentity, body: JsonBody) -> Response:
    """Delete the account with everything that belongs to it; that cannot be taken back.

    What runs is broken off, and nothing fires any more. The only administrator cannot leave
    while others have accounts.
    """
    given = check_fields(AccountDeletion, body)
    await api.departures.leave(identity, password=given.password)
    return signed_out(request)


@router.get("/export", responses={200: {"model": AccountExportAnswer}, **problems(403)})
async def export(api: Api, identity: CurrentIdentity) -> Response:
    """Return all that is kept of the caller, as a file; of tokens and secrets only the names."""
    known = await _known_of(api, identity)

    jobs = api.transfer.export(identity.user)
    entries = _all(lambda **page: api.audit.own(identity.user, AuditQuery(**page)))

    async def text() -> AsyncIterator[str]:
        yield json.dumps(known, ensure_ascii=False)[:-1] + ', "jobs": ['
        async for part in json_items(jobs):
            yield part
        yield '\n], "audit": ['
        async for part in json_items(entry_fields(entry) async for entry in entries):
            yield part
        yield "\n]}\n"

    return StreamingResponse(text(), media_type="application/json", headers=_DOWNLOAD)


async def _known_of(api: ApiServices, identity: Identity) -> dict[str, Any]:
    """Return what is known of a person besides their jobs."""
    user, sessions = identity.user, api.accounts.sessions
    return {
        "format": FORMAT,
        "exported_at": moment_text(api.clock()),
        "profile": user_fields(user),
        "sessions": [
            session_fields(session, current=session.id == identity.session_id)
            async for session in _all(lambda **page: sessions.list(identity, **page))
        ],
        "tokens": [
            token_fields(token)
            async for token in _all(lambda **page: api.tokens.list(user, **page))
        ],
        "secrets": [
            secret.name async for secret in _all(lambda **page: api.secrets.list(user, **page))
        ],
        "runs": _summary_fields(await api.runs.summary(user)),
    }


async def _all(page_of: Callable[..., Awaitable[Page[Item]]]) -> AsyncIterator[Item]:
    """Yield what is on all pages of a list."""
    cursor: str | None = None
    while True:
        page = await page_of(limit=MOST_PER_PAGE, cursor=cursor)
        for item in page.items:
            yield item
        cursor = page.next_cursor
        if cursor is None:
            return


def _summary_fields(summary: RunSummary) -> dict[str, Any]:
    return {
        "by_status": dict(summary.counts),
        "first_finished_at": moment_text(summary.first) if summary.first else None,
        "last_finished_at": moment_text(summary.last) if summary.last else None,
    }
