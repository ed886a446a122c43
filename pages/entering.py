"""Letting somebody in: a session for who may enter, the form again for who may not."""

from collections.abc import Awaitable
from dataclasses import replace
from typing import Final

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from components.entrance import EntranceValues
from cronpp_app.errors import (
    Busy,
    Conflict,
    CronppError,
    InvalidInput,
    NotAllowed,
    NotSignedIn,
    StoreUnavailable,
    TooMany,
)
from cronpp_app.services.accounts import Accounts, Identity, SignedIn
from cronpp_app.services.web_sessions import session_cookie
from pages.entrance import refused

_STATUSES: Final[dict[type[CronppError], int]] = {
    NotSignedIn: 401,
    NotAllowed: 403,
    TooMany: 429,
    Busy: 503,
}


async def enter(
    request: Request,
    path: str,
    values: EntranceValues,
    accounts: Accounts,
    entering: Awaitable[SignedIn],
) -> Response:
    """Return the way on with the session that `entering` makes, or `path` with what is wrong."""
    try:
        signed_in = await entering
    except CronppError as error:
        errors, status = _explained(error)
        refusal = refused(path, request, replace(values, errors=errors), status)
        if isinstance(error, TooMany):
            refusal.headers["Retry-After"] = str(error.retry_after_seconds)
        return refusal
    before: Identity | None = request.state.identity
    if before is not None:
        await accounts.logout(before)
    answer = RedirectResponse(values.return_to, status_code=303)
    secure = request.url.scheme == "https"
    answer.set_cookie(**session_cookie(signed_in.token, signed_in.expires_at, secure=secure))
    return answer


async def in_zone(accounts: Accounts, signing_up: Awaitable[SignedIn], timezone: str) -> SignedIn:
    """Make the account, in the browser's time zone where we know it."""
    signed_in = await signing_up
    identity = await accounts.identify(signed_in.token)
    if identity is not None and timezone:
        try:
            await accounts.set_timezone(identity, timezone)
        except InvalidInput:  # browsers know zones that we do not; UTC stays
            return signed_in
    return signed_in


def _explained(error: CronppError) -> tuple[dict[str, str], int]:
    """Return what is wrong by field, "" for what concerns none, and the HTTP status."""
    match error:
        case InvalidInput():
            return {problem.field: problem.message for problem in error.errors}, 422
        case Conflict():
            return {"email": str(error)}, 409
        case StoreUnavailable():
            return {"": "The database does not answer; try again in a moment."}, 503
        case _:
            return {"": str(error)}, _STATUSES.get(type(error), 400)
