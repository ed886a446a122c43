"""Reading request bodies: bounded, strict, and refused with the place that is wrong."""

from typing import Annotated

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

from cronpp_app.errors import FieldError, InvalidInput
from cronpp_app.services.json_text import InvalidJson, read_json

LARGEST = 1024 * 1024
_TOO_LARGE = "The request body must be at most 1 MiB."


async def json_body(request: Request) -> object:
    """Return the JSON that `request` carries.

    Raises HTTPException 413 before more than 1 MiB is read and 415 for another content type,
    InvalidInput for what is not JSON.
    """
    kind = request.headers.get("content-type", "application/json").split(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise HTTPException(415, "Send JSON, with Content-Type: application/json.")
    raw = await _read(request)
    try:
        return read_json(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InvalidInput(FieldError("request", "Is not UTF-8.")) from error
    except InvalidJson as error:
        raise InvalidInput(FieldError("request", f"Is not valid JSON: {error}.")) from error


async def _read(request: Request) -> bytes:
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and (len(announced) > 12 or int(announced) > LARGEST):
        raise HTTPException(413, _TOO_LARGE)
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > LARGEST:
            raise HTTPException(413, _TOO_LARGE)
    return bytes(raw)


JsonBody = Annotated[object, Depends(json_body)]
