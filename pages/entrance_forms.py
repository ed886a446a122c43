"""What the forms of the entrance send: signing up and in."""

from typing import Annotated

from fastapi import FastAPI, Form, Request
from starlette.responses import Response

from components.entrance import EntranceValues
from cronpp_app.services.accounts import Accounts
from cronpp_app.services.web_sessions import agent_of, origin_of
from pages.entering import enter, in_zone
from pages.entrance import local_path

Typed = Annotated[str, Form()]
Next = Annotated[str, Form(alias="next")]


def register(web: FastAPI, accounts: Accounts) -> None:
    """Register the ways in under /auth."""

    @web.post("/auth/login", include_in_schema=False)
    async def login(
        request: Request, email: Typed = "", password: Typed = "", return_to: Next = "/"
    ) -> Response:
        values = EntranceValues(
            email=email,
            return_to=local_path(return_to),
            can_sign_up=await accounts.accepts_signups(),
        )
        return await enter(
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
        entering = in_zone(accounts, signing_up, timezone)
        return await enter(request, "/signup", values, accounts, entering)
