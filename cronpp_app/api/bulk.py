"""One operation on many jobs."""

import json
from dataclasses import asdict

from fastapi import APIRouter
from starlette.responses import Response

from cronpp_app.api.answers import answered_once
from cronpp_app.api.bodies import JsonBody
from cronpp_app.api.documented import BulkDraft, body_of, problems
from cronpp_app.api.job_schemas import BulkAnswer
from cronpp_app.api.requests import Api, CurrentUser, IdempotencyKey
from cronpp_app.services.drafts import check_fields
from cronpp_app.services.idempotency import Answer, Turn
from cronpp_app.services.jobs import JobQuery

_EXAMPLE = {"filter": {"tag": "billing"}, "operation": "pause"}


router = APIRouter(prefix="/jobs", tags=["jobs"])


@router.post(
    "/bulk",
    openapi_extra=body_of(BulkDraft, _EXAMPLE),
    responses={200: {"model": BulkAnswer}, **problems(403, 409, 413, 415, 422)},
)
async def bulk(api: Api, user: CurrentUser, body: JsonBody, key: IdempotencyKey = None) -> Response:
    """Pause, resume, run or delete many jobs; those that are not the caller's are left out."""
    draft = check_fields(BulkDraft, body)

    async def do(turn: Turn) -> Answer:
        if draft.ids is not None:
            outcome = await api.bulk_jobs.of_ids(
                user, draft.ids, draft.operation, id_for=turn.id_for
            )
        else:
            query = JobQuery(**draft.filter.model_dump() if draft.filter else {})
            outcome = await api.bulk_jobs.of_query(user, query, draft.operation, id_for=turn.id_for)
        return Answer(status=200, body=json.dumps(asdict(outcome)), headers={})

    return await answered_once(api.idempotency, user, key, request=["bulk", body], do=do)
