"""What no route takes: HEAD and OPTIONS, which every resource answers, and what is not there."""

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from cronpp_app.api.openapi import document_of, methods_at

_PATHS = ("/api", "/api/{rest:path}", "/healthz", "/readyz", "/metrics")


def answer_unrouted(app: FastAPI) -> None:
    """Let `app` answer itself, last of all, whatever is asked of its paths by any method.

    Without it the pages, mounted behind the API, would answer in HTML.
    """
    for path in _PATHS:
        app.router.routes.append(Route(path, _Unrouted(app), include_in_schema=False))


class _Unrouted:
    """Pure ASGI, because a route for it takes every method, unheard-of ones too."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 404, or 405 where only the method is wrong; HEAD as GET is (RFC 9110, 9.3.2)."""
        method, path = scope["method"], scope["path"]
        allowed = methods_at(path, document_of(self._app))
        if not allowed:
            raise HTTPException(404, f"There is nothing at {path}.")
        headers = {"Allow": ", ".join(sorted(allowed))}
        if method == "OPTIONS":
            await Response(status_code=204, headers=headers)(scope, receive, send)
        elif method == "HEAD" and "HEAD" in allowed:
            # With the body, whose length is told: the server sends none to a HEAD.
            await self._app.router({**scope, "method": "GET"}, receive, send)
        else:
            detail = f"{method} is not possible here; {headers['Allow']} would be."
            raise HTTPException(405, detail, headers=headers)
