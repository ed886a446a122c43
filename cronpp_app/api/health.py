"""Probes for whoever keeps this process alive."""

import asyncio
import logging

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from cronpp_app.api.requests import Api
from cronpp_app.api.schemas import AliveAnswer, ReadyAnswer
from cronpp_app.errors import StoreUnavailable
from cronpp_app.store.database import translated_errors

log = logging.getLogger("cronpp.api")

# A probe that hangs tells nobody anything.
_PATIENCE_SECONDS = 3.0


router = APIRouter(tags=["operations"])


@router.get(
    "/healthz",
    openapi_extra={"security": []},
    responses={200: {"model": AliveAnswer}},
)
async def healthz() -> Response:
    """Say that the process is alive; the database is not asked."""
    return JSONResponse({"status": "ok"})


@router.get(
    "/readyz",
    openapi_extra={"security": []},
    responses={200: {"model": ReadyAnswer}, 503: {"model": ReadyAnswer}},
)
async def readyz(api: Api) -> Response:
    """Say whether the database answers, and how many workers were seen in the last 30 s."""
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS), translated_errors():
            workers = len(await api.overviews.workers())
    except (StoreUnavailable, TimeoutError):
        log.warning("not ready: the database does not answer")
        return JSONResponse({"status": "unavailable", "workers": 0}, status_code=503)
    return JSONResponse({"status": "ready", "workers": workers})
