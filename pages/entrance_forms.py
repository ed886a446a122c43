"""What the forms of the entrance send: signing up, in and out."""

from collections.abc import Awaitable
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from fastapi import FastAPI, Form, Request
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
from cronpp_app.services.web_sessions import (
    COOKIE,
    SECURE_COOKIE,
    agent_of,
    ended_cookie,
    origin_of,
    session_cookie,
)
from pages.entrance import local_path, refused

if TYPE_CHECKING:
    from cronpp_app.composition import Services

Typed = Annotated[str, Form()]
Next = Annotated[str, Form(alias="next")]


def register(web: FastAPI, services: "Services") -> None:
    """Register the forms under /auth."""
    _register_ways_in(web, services.accounts)
    _register_ways_out(web, services.accounts)


def _register_ways_in(web: FastAPI, accounts: Accounts) -> None:
    @web.post("/auth/login", include_in_schema=False)
    async def login(
        request: Request, email: Typed = "", password: Typed = "", return_to: Next = "/"
    ) -> Response:
        values = EntranceValues(
            email=email,
            return_to=local_path(return_to),
            can_sign_up=await accounts.accepts_signups(),
        )
        return await _enter(
            request,
            "/login",
            values,
            accounts,
            accounts.login(email, password, origin=origin_of(request), agent=agent_of(request)),
        )

    @web.post("/auth/signup", include_in_schema=False)
    async def signup(
        request: Request,
        email: Typed = "",
        password: Typed = "",
        timezone: Typed = "",
        return_to: Next = "/",
    ) -> Response:
        values = EntranceValues(email=email, return_to=local_path(return_to))
        signing_up = accounts.signup(
            email, password, origin=origin_of(request), agent=agent_of(request)
        )
        entering = _in_zone(accounts, signing_up, timezone)
        return await _enter(request, "/signup", values, accounts, entering)


def _register_ways_out(web: FastAPI, accounts: Accounts) -> None:
    @web.post("/auth/logout", include_in_schema=False)
    async def logout(request: Request) -> Response:
        identity: Identity | None = request.state.identity
        if identity is not None:
            await accounts.logout(identity)
        return _left(request)

    @web.post("/auth/logout-all", include_in_schema=False)
    async def logout_all(request: Request) -> Response:
        identity: Identity | None = request.state.identity
        if identity is not None:
            await accounts.logout_all(identity)
        return _left(request)


async def _enter(
    request: Request,
    path: str,
    values: EntranceValues,
    accounts: Accounts,
    entering: Awaitable[SignedIn],
) -> Response:
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


async def _in_zone(accounts: Accounts, signing_up: Awaitable[SignedIn], timezone: str) -> SignedIn:
    """Make the account, in the browser's time zone where we know it."""
    signed_in = await signing_up
    identity = await accounts.identify(signed_in.token)
    if identity is not None and timezone:
        try:
            await accounts.set_timezone(identity, timezone)
        except InvalidInput:  # browsers know zones that we do not; UTC stays
            return signed_in
    return signed_in


_STATUSES: dict[type[CronppError], int] = {
    NotSignedIn: 401,
    NotAllowed: 403,
    TooMany: 429,
    Busy: 503,
}


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


def _left(request: Request) -> Response:
    answer = RedirectResponse("/login", status_code=303)
    for name, secure in ((COOKIE, False), (SECURE_COOKIE, True)):
        if name in request.cookies:
            answer.delete_cookie(**ended_cookie(secure=secure))
    return answer
