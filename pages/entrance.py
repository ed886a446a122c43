"""Signing up and in: the pages."""

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

from fastapi import Request
from nicegui import Client, ui
from starlette.responses import RedirectResponse, Response

from components.entrance import EntranceValues, login_form, signup_form
from components.theme import apply_theme
from pages.routes import page, title_of

if TYPE_CHECKING:
    from cronpp_app.composition import Services

_LOGIN, _SIGNUP = "/login", "/signup"
_FORMS = {_LOGIN: login_form, _SIGNUP: signup_form}
_TITLES = {_LOGIN: "Log in", _SIGNUP: "Sign up"}


def register(services: "Services") -> None:
    """Register /login and /signup."""
    accounts = services.accounts

    async def show(path: str, request: Request, return_to: str) -> Response | None:
        target = local_path(return_to)
        if request.state.identity is not None:
            return RedirectResponse(target, status_code=303)
        can_sign_up = await accounts.accepts_signups()
        draw(path, EntranceValues(return_to=target, can_sign_up=can_sign_up))
        return None

    @page(_LOGIN, _TITLES[_LOGIN])
    async def login_page(request: Request) -> Response | None:
        return await show(_LOGIN, request, request.query_params.get("next", "/"))

    @page(_SIGNUP, _TITLES[_SIGNUP])
    async def signup_page(request: Request) -> Response | None:
        return await show(_SIGNUP, request, request.query_params.get("next", "/"))


def draw(path: str, values: EntranceValues) -> None:
    """Draw the form of /login or /signup on the page that is being built."""
    apply_theme(ui.context.client)
    _FORMS[path](values)


def refused(path: str, request: Request, values: EntranceValues, status: int) -> Response:
    """Return the page again, with what was typed and what is wrong with it."""
    with Client(ui.page(path, title=title_of(_TITLES[path])), request=request) as client:
        draw(path, values)
        # Loading it again must ask for the page, not send the form once more.
        address = path if values.return_to == "/" else f"{path}?next={quote(values.return_to)}"
        client.run_javascript(f"window.cxAddress({json.dumps(address)})")
        return client.build_response(request, status)


def local_path(target: str) -> str:
    """Return `target` if it is a path of our own, else the path of the home page."""
    # "//host" and "/\\host" would be other sites; a form or the API is no place to return to.
    foreign = not target.startswith("/") or target.startswith(("//", "/\\", "/auth/", "/api/"))
    unfit = any(ord(char) < 0x21 or char == "\\" for char in target)
    return "/" if foreign or unfit or len(target) > 2_000 else target
