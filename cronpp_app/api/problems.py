"""Errors as `application/problem+json` (RFC 9457)."""

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from cronpp_app.errors import (
    Busy,
    Conflict,
    CronppError,
    InvalidInput,
    NotAllowed,
    NotFound,
    NotSignedIn,
    StaleVersion,
    StoreUnavailable,
    TooMany,
)
from cronpp_app.services.field_errors import field_errors

log = logging.getLogger("cronpp.api")

MEDIA_TYPE = "application/problem+json"
_KINDS: dict[int, tuple[str, str]] = {
    401: ("not-signed-in", "Not signed in"),
    403: ("not-allowed", "Not allowed"),
    404: ("not-found", "Not found"),
    405: ("method-not-allowed", "Method not allowed"),
    409: ("conflict", "Conflict"),
    412: ("stale-version", "Stale version"),
    413: ("too-large", "Request too large"),
    415: ("unsupported-media-type", "Unsupported media type"),
    422: ("invalid-input", "Invalid input"),
    429: ("too-many", "Too many requests"),
    500: ("internal", "Internal error"),
    503: ("unavailable", "Not available"),
}
# The first that fits counts: a stale version is a kind of conflict.
_STATUSES: tuple[tuple[type[CronppError], int], ...] = (
    (InvalidInput, 422),
    (NotSignedIn, 401),
    (NotAllowed, 403),
    (NotFound, 404),
    (StaleVersion, 412),
    (Conflict, 409),
    (TooMany, 429),
    (Busy, 503),
    (StoreUnavailable, 503),
)


def problem(
    status: int,
    detail: str,
    *,
    errors: list[dict[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the answer to a request that failed with `status`, for the reason `detail`."""
    body = problem_fields(status, detail, errors=errors)
    return Response(
        json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"),
        status_code=status,
        media_type=MEDIA_TYPE,
        headers=dict(headers or {}),
    )


def problem_fields(
    status: int, detail: str, *, errors: list[dict[str, str]] | None = None
) -> dict[str, Any]:
    """Return the members of a problem (RFC 9457, 3.1)."""
    kind, title = _KINDS.get(status, ("http", HTTPStatus(status).phrase))
    body: dict[str, Any] = {
        "type": f"urn:cronpp:problem:{kind}",
        "title": title,
        "status": status,
        "detail": detail,
    }
    return body if errors is None else body | {"errors": errors}


def problem_of(error: Exception) -> Response:
    """Return the answer to a request that raised `error`; of the unexpected, no details."""
    status = next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)
    if isinstance(error, InvalidInput):
        errors = [{"field": e.field, "message": e.message} for e in error.errors]
        return problem(422, summary_of(errors), errors=errors)
    if status == 500:
        log.error("request failed", exc_info=error)
        return problem(500, "Something went wrong here; it was logged.")
    return problem(status, str(error), headers=_headers(status, error))


def add_problem_handlers(app: FastAPI) -> None:
    """Make `app` answer every error of ours, of FastAPI and of Starlette as a problem."""

    async def ours(_: Request, error: Exception) -> Response:
        return problem_of(error)

    async def invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it only
        found = [details | {"loc": details["loc"][1:]} for details in error.errors()]
        return problem_of(InvalidInput(*field_errors(found)))

    async def http(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for it only
        return problem(error.status_code, error.detail, headers=error.headers)

    app.add_exception_handler(CronppError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)


def summary_of(errors: list[dict[str, str]]) -> str:
    """Return the first of the wrong fields in a sentence, and how many more there are."""
    first = f"{errors[0]['field']}: {errors[0]['message']}" if errors else "The request is invalid."
    more = len(errors) - 1
    return first if more < 1 else f"{first} (and {more} more, see errors)"


def _headers(status: int, error: Exception) -> dict[str, str]:
    if status == 401:
        return {"WWW-Authenticate": "Bearer"}
    if isinstance(error, TooMany):
        return {"Retry-After": str(error.retry_after_seconds)}
    return {"Retry-After": "1"} if status == 503 else {}
