"""What the forms of leaving send: signing out here, or everywhere."""

from fastapi import FastAPI, Request
from starlette.responses import RedirectResponse, Response

from cronpp_app.services.accounts import Accounts, Identity
from cronpp_app.services.web_sessions import ended_cookies


def register(web: FastAPI, accounts: Accounts) -> None:
    """Register the ways out under /auth."""

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


def _left(request: Request) -> Response:
    answer = RedirectResponse("/login", status_code=303)
    for ended in ended_cookies(request.cookies):
        answer.delete_cookie(**ended)
    return answer
