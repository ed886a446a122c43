"""Export and import of all one's jobs."""

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict
from starlette.responses import JSONResponse, Response, StreamingResponse

from cronpp_app.api.answers import answered_once, json_items
from cronpp_app.api.bodies import LargeJsonBody
from cronpp_app.api.documented import JOB_EXAMPLE, ImportDraft, body_of, problems
from cronpp_app.api.job_schemas import ExportAnswer, ImportAnswer
from cronpp_app.api.requests import Api, CurrentUser, IdempotencyKey
from cronpp_app.services.idempotency import Answer, Turn
from cronpp_app.services.texts import moment_text
from cronpp_app.services.transfer import Imported, envelope

_EXAMPLE = {"jobs": [JOB_EXAMPLE]}
_DOWNLOAD = {"Content-Disposition": 'attachment; filename="cronpp-jobs.json"'}


class ImportParameters(BaseModel):
    """The query of an import."""

    model_config = ConfigDict(extra="forbid")

    dry_run: bool = False


router = APIRouter(tags=["transfer"])


@router.get("/export", responses={200: {"model": ExportAnswer}, **problems()})
async def export(api: Api, user: CurrentUser) -> Response:
    """Return all jobs of the caller as a file that `POST /api/import` takes; secrets masked."""

    async def text() -> AsyncIterator[str]:
        yield json.dumps(envelope(api.clock()))[:-1] + ', "jobs": ['
        async for part in json_items(api.transfer.export(user)):
            yield part
        yield "\n]}\n"

    return StreamingResponse(text(), media_type="application/json", headers=_DOWNLOAD)


@router.post(
    "/import",
    status_code=201,
    openapi_extra=body_of(ImportDraft, _EXAMPLE),
    responses={
        200: {"model": ImportAnswer, "description": "A dry run: what would be made"},
        201: {"model": ImportAnswer},
        **problems(403, 409, 413, 415, 422),
    },
)
async def import_jobs(
    api: Api,
    user: CurrentUser,
    body: LargeJsonBody,
    query: Annotated[ImportParameters, Query()],
    key: IdempotencyKey = None,
) -> Response:
    """Make all jobs of an export, or none if one of them is wrong; up to 16 MiB.

    Jobs are made anew, beside those there are. With `dry_run` nothing is stored.
    """
    data, digest = body
    if query.dry_run:
        outcome = await api.transfer.import_jobs(user, data, dry_run=True)
        return JSONResponse(_import_fields(outcome))

    async def do(turn: Turn) -> Answer:
        outcome = await api.transfer.import_jobs(user, data, dry_run=False, id_at=turn.id_at)
        return Answer(status=201, body=json.dumps(_import_fields(outcome)), headers={})

    return await answered_once(api.idempotency, user, key, request=["import", digest], do=do)


def _import_fields(outcome: Imported) -> dict[str, Any]:
    return {
        "dry_run": outcome.dry_run,
        "created": len(outcome.jobs),
        "ids": [] if outcome.dry_run else [job.id for job in outcome.jobs],
        "jobs": [
            {
                "name": job.definition.name,
                "enabled": job.enabled,
                "next_run_time": moment_text(job.next_run_time) if job.next_run_time else None,
            }
            for job in outcome.jobs
        ],
    }
