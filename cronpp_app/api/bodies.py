"""Reading request bodies: bounded, strict, and refused with the place that is wrong."""

import asyncio
import hashlib
from typing import Annotated

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

from cronpp_app.api.body_limits import announces_more
from cronpp_app.errors import FieldError, InvalidInput
from cronpp_app.services.json_text import InvalidJson, read_json

LARGEST = 1024 * 1024
# Exports of thousands of jobs come back in one piece.
LARGEST_IMPORT = 16 * LARGEST
# Read at once; more is read beside the event loop.
_LITTLE = 64 * 1024


async def json_body(request: Request) -> object:
    """Return the JSON that `request` carries.

    Raises HTTPException 413 before more than 1 MiB is read and 415 for another content type or a
    packed one, InvalidInput for what is not JSON.
    """
    _check_type(request)
    raw = await _read(request, LARGEST)
    return _json(raw) if len(raw) <= _LITTLE else await asyncio.to_thread(_json, raw)


async def large_json_body(request: Request) -> tuple[object, str]:
    """Return the JSON of an import, and the SHA-256 of its text; read beside the event loop.

    Raises as `json_body` does, but takes 16 MiB.
    """
    _check_type(request)
    raw = await _read(request, LARGEST_IMPORT)
    return await asyncio.to_thread(lambda: (_json(raw), hashlib.sha256(raw).hexdigest()))


def _check_type(request: Request) -> None:
    kind = request.headers.get("content-type", "application/json").split(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise HTTPException(415, "Send JSON, with Content-Type: application/json.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise HTTPException(415, "Send JSON as it is, without Content-Encoding.")


def _json(raw: bytes) -> object:
    try:
        return read_json(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InvalidInput(FieldError("request", "Is not UTF-8.")) from error
    except InvalidJson as error:
        raise InvalidInput(FieldError("request", f"Is not valid JSON: {error}.")) from error


async def _read(request: Request, largest: int) -> bytes:
    too_large = f"The request body must be at most {largest // LARGEST} MiB."
    if announces_more(request.headers, than=largest):
        raise HTTPException(413, too_large)
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > largest:
            raise HTTPException(413, too_large)
    return bytes(raw)


JsonBody = Annotated[object, Depends(json_body)]
LargeJsonBody = Annotated[tuple[object, str], Depends(large_json_body)]
