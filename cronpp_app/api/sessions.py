"""The caller's sessions: which there are, and ending them."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from cronpp_app.api.answers import page_answer
from cronpp_app.api.documented import problems
from cronpp_app.api.requests import Api, CurrentIdentity, Paging
from cronpp_app.api.schemas import PageAnswer, SessionAnswer
from cronpp_app.services.sessions import Session
from cronpp_app.services.texts import moment_text

router = APIRouter(prefix="/auth/sessions", tags=["accounts"])


@router.get("", responses={200: {"model": PageAnswer[SessionAnswer]}, **problems(403, 422)})
async def search(
    api: Api, identity: CurrentIdentity, query: Annotated[Paging, Query()]
) -> Response:
    """List the caller's sessions, the newest first; `current` is the one that asks."""

    def fields(session: Session) -> dict[str, Any]:
        return session_fields(session, current=session.id == identity.session_id)

    sessions = api.accounts.sessions
    page = await sessions.list(identity, limit=query.limit, cursor=query.cursor)
    return await page_answer(page, fields)


@router.delete("", status_code=204, responses=problems(403))
async def end_others(api: Api, identity: CurrentIdentity) -> Response:
    """End all sessions but this one. `POST /api/auth/logout-all` ends this one, too."""
    await api.accounts.sessions.end_others(identity)
    return Response(status_code=204)


@router.delete("/{session_id}", status_code=204, responses=problems(403, 404))
async def end(api: Api, identity: CurrentIdentity, session_id: str) -> Response:
    """End a session, on whatever device; its open pages close."""
    await api.accounts.sessions.end(identity, session_id)
    return Response(status_code=204)


def session_fields(session: Session, *, current: bool) -> dict[str, Any]:
    """Return a session as JSON; its token is nowhere in it, nor can be found from it."""
    return {
        "id": session.id,
        "created_at": moment_text(session.created_at),
        "last_seen_at": moment_text(session.seen_at),
        "expires_at": moment_text(session.expires_at),
        "user_agent": session.agent,
        "address": session.address,
        "current": current,
    }
