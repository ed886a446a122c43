"""How much a request may carry to whoever reads it; the REST API's own limits are its own."""

from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope

# The longest form: an address, a password, and where to go next.
LARGEST_FORM: Final = 64 * 1024
# Routes of the API bound what they read, sockets bound their messages.
_BOUNDED: Final = ("/api/", "/_nicegui")


def bounded(scope: Scope, receive: Receive) -> Receive:
    """Return `receive` that raises HTTPException 413 for a form of more than 64 KiB.

    Whoever parses forms would keep a thousand fields of 1 MiB in memory, and files on disk
    without an end, for people who have not signed in.
    """
    if scope["path"].startswith(_BOUNDED):
        return receive
    taken = 0

    async def receiving() -> Message:
        nonlocal taken
        if announces_more(Headers(scope=scope), than=LARGEST_FORM):
            raise _too_large()
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > LARGEST_FORM:
            raise _too_large()
        return message

    return receiving


def announces_more(headers: Headers, *, than: int) -> bool:
    """Return whether a request says itself that it carries more than so many bytes."""
    announced = headers.get("content-length", "")
    return announced.isdecimal() and (len(announced) > 12 or int(announced) > than)


def _too_large() -> HTTPException:
    return HTTPException(413, f"A form must be at most {LARGEST_FORM // 1024} KiB.")
