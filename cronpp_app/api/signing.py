"""The signing secret. Only for people who are signed in: API tokens are turned away before."""

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from cronpp_app.api.documented import problems
from cronpp_app.api.requests import Api, CurrentUser
from cronpp_app.api.schemas import SigningSecretAnswer
from cronpp_app.services.signing import ShownSecret
from cronpp_app.services.texts import moment_text

router = APIRouter(prefix="/auth/signing-secret", tags=["accounts"])


@router.get("", responses={200: {"model": SigningSecretAnswer}, **problems(403)})
async def show(api: Api, user: CurrentUser) -> Response:
    """Return the secret with which targets check the signature of a call."""
    return _answer(await api.signing.show(user))


@router.post("/rotate", responses={200: {"model": SigningSecretAnswer}, **problems(403, 409)})
async def rotate(api: Api, user: CurrentUser) -> Response:
    """Replace the signing secret; for 24 hours the one before signs as well.

    Calls that begin some seconds later are signed with the new one.
    """
    return _answer(await api.signing.rotate(user))


def _answer(shown: ShownSecret) -> Response:
    until = shown.previous_until
    fields = {
        "secret": shown.secret,
        "previous_until": moment_text(until) if until else None,
    }
    return JSONResponse(fields, headers={"Cache-Control": "no-store"})
