"""Pages for what is not there, and for what went wrong."""

from fastapi import Request
from nicegui import Client, app, ui
from starlette.responses import PlainTextResponse, Response

from components.empty import lost_page
from components.theme import apply_theme
from pages.routes import title_of

_NOT_FOUND = (
    "Nothing here",
    "This address leads nowhere, or to something that is not yours. It may have been deleted.",
)
_BROKEN = (
    "Something went wrong",
    "This page could not be shown. Your jobs keep running; try again in a moment.",
)

_LOST = title_of("Not found")


def register() -> None:
    """Register the 404 and 500 pages."""

    @app.exception_handler(404)
    async def not_found(request: Request, _error: Exception) -> Response:
        if request.url.path.startswith("/_nicegui"):
            return PlainTextResponse("Not found", status_code=404)
        with Client(ui.page(""), request=request) as client:
            draw_not_found()
        return client.build_response(request, 404)

    app.on_page_exception(_draw_broken)


def draw_not_found() -> None:
    """Make the page that is being built the one that says that nothing is here."""
    client = ui.context.client
    apply_theme(client)
    client.status_code = 404
    client.title = _LOST
    lost_page(404, *_NOT_FOUND)


def _draw_broken() -> None:
    apply_theme(ui.context.client)
    lost_page(500, *_BROKEN)
