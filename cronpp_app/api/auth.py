"""Signing up, in and out."""

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from cronpp_app.api.bodies import JsonBody
from cronpp_app.api.documented import (
    SIGN_IN_EXAMPLE,
    Credentials,
    PasswordChange,
    body_of,
    problems,
)
from cronpp_app.api.requests import Api, CurrentIdentity
from cronpp_app.api.schemas import SignedInAnswer, UserAnswer
from cronpp_app.services.accounts import SignedIn, User
from cronpp_app.services.drafts import check_fields
from cronpp_app.services.texts import moment_text
from cronpp_app.services.web_sessions import (
    agent_of,
    ended_cookies,
    origin_of,
)

_CREDENTIALS = body_of(Credentials, SIGN_IN_EXAMPLE)
_PASSWORDS = body_of(PasswordChange, {"current": "the present one", "new": "a better one"})


router = APIRouter(prefix="/auth", tags=["accounts"])


@router.post(
    "/signup",
    status_code=201,
    openapi_extra=_CREDENTIALS | {"security": []},
    responses={201: {"model": SignedInAnswer}, **problems(403, 409, 413, 415, 422)},
)
async def signup(api: Api, request: Request, body: JsonBody) -> Response:
    """Make an account and sign in. The first account is the administrator's."""
    given = check_fields(Credentials, body)
    signed_in = await api.accounts.signup(
        given.email, given.password, origin=origin_of(request), agent=agent_of(request)
    )
    return JSONResponse(_signed_in_fields(signed_in), status_code=201)


@router.post(
    "/login",
    openapi_extra=_CREDENTIALS | {"security": []},
    responses={200: {"model": SignedInAnswer}, **problems(413, 415, 422)},
)
async def login(api: Api, request: Request, body: JsonBody) -> Response:
    """Start a session. Wrong passwords are counted, per account and per address."""
    given = check_fields(Credentials, body)
    signed_in = await api.accounts.login(
        given.email, given.password, origin=origin_of(request), agent=agent_of(request)
    )
    return JSONResponse(_signed_in_fields(signed_in))


@router.post("/logout", status_code=204, responses=problems(403))
async def logout(api: Api, request: Request, identity: CurrentIdentity) -> Response:
    """End this session."""
    await api.accounts.logout(identity)
    return signed_out(request)


@router.post("/logout-all", status_code=204, responses=problems(403))
async def logout_all(api: Api, request: Request, identity: CurrentIdentity) -> Response:
    """End every session, on every device."""
    await api.accounts.logout_all(identity)
    return signed_out(request)


@router.get("/me", responses={200: {"model": UserAnswer}, **problems()})
async def me(identity: CurrentIdentity) -> Response:
    """Return the account that is signed in."""
    return JSONResponse(user_fields(identity.user))


@router.post(
    "/password",
    status_code=204,
    openapi_extra=_PASSWORDS,
    responses=problems(403, 409, 413, 415, 422),
)
async def password(api: Api, identity: CurrentIdentity, body: JsonBody) -> Response:
    """Change the password; every other session ends."""
    given = check_fields(PasswordChange, body)
    await api.accounts.change_password(identity, current=given.current, new=given.new)
    return Response(status_code=204)


def signed_out(request: Request) -> Response:
    """Return the answer that takes the session out of a browser."""
    answer = Response(status_code=204)
    for ended in ended_cookies(request.cookies):
        answer.delete_cookie(**ended)
    return answer


def _signed_in_fields(signed_in: SignedIn) -> dict[str, object]:
    return {
        "token": signed_in.token,
        "token_type": "bearer",
        "expires_at": moment_text(signed_in.expires_at),
        "user": user_fields(signed_in.user),
    }


def user_fields(user: User) -> dict[str, object]:
    """Return an account as JSON."""
    return {
        "id": user.id,
        "email": user.email,
        "role": user.role,
        "created_at": moment_text(user.created_at),
        "timezone": user.timezone,
    }
