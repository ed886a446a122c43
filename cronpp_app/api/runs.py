"""Runs, previews of schedules, and statistics."""

import json
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse, Response

from cronpp_app.api.answers import answered_once, page_answer, started_run
from cronpp_app.api.bodies import JsonBody
from cronpp_app.api.documented import PreviewDraft, ReplayDraft, body_of, problems
from cronpp_app.api.requests import Api, CurrentUser, IdempotencyKey, RunParameters
from cronpp_app.api.run_schemas import ListedRunAnswer, RunAnswer, StartedRunAnswer
from cronpp_app.api.schemas import ChangedAnswer, PageAnswer, PreviewAnswer, StatsAnswer
from cronpp_app.services.drafts import check_fields, run_fields
from cronpp_app.services.idempotency import Answer, Turn
from cronpp_app.services.overview import HourCount
from cronpp_app.services.runs import ReplayQuery, RunQuery
from cronpp_app.services.texts import moment_text

_PREVIEW_EXAMPLE = {
    "schedule": {"kind": "cron", "cron": "30 2 * * *", "timezone": "Europe/Berlin"},
    "count": 3,
}
_REPLAY_EXAMPLE = {"filter": {"status": "FAILED", "since": "2026-12-01T00:00:00Z"}}


runs_router = APIRouter(prefix="/runs", tags=["runs"])


@runs_router.get("", responses={200: {"model": PageAnswer[ListedRunAnswer]}, **problems(422)})
async def search(api: Api, user: CurrentUser, query: Annotated[RunParameters, Query()]) -> Response:
    """List the runs of the caller's jobs, newest first."""
    async with api.lists:
        page = await api.runs.search(user, RunQuery(**query.model_dump()))
    return await page_answer(page, run_fields)


@runs_router.get("/{run_id}", responses={200: {"model": RunAnswer}, **problems(404)})
async def get(api: Api, user: CurrentUser, run_id: str) -> Response:
    """Return a run with its attempts."""
    run, attempts = await api.runs.get(user, run_id)
    return JSONResponse(run_fields(run, attempts))


@runs_router.post(
    "/{run_id}/cancel",
    status_code=202,
    responses={202: {"model": StartedRunAnswer}, **problems(403, 404, 409)},
)
async def cancel(api: Api, user: CurrentUser, run_id: str) -> Response:
    """Cancel a run: at once if it waits; if it runs, its worker breaks it off in a moment."""
    answer = started_run(await api.runs.cancel(user, run_id))
    return Response(answer.body, answer.status, media_type="application/json")


@runs_router.post(
    "/{run_id}/retry",
    status_code=202,
    responses={202: {"model": StartedRunAnswer}, **problems(403, 404, 409, 422)},
)
async def retry(api: Api, user: CurrentUser, run_id: str, key: IdempotencyKey = None) -> Response:
    """Start the next attempt of a retrying run at once; replay a final one as a new run."""

    async def do(turn: Turn) -> Answer:
        return started_run(await api.runs.retry(user, run_id, replay_id=turn.creates))

    return await answered_once(api.idempotency, user, key, request=["retry", run_id], do=do)


@runs_router.post(
    "/replay",
    openapi_extra=body_of(ReplayDraft, _REPLAY_EXAMPLE),
    responses={200: {"model": ChangedAnswer}, **problems(403, 409, 413, 415, 422)},
)
async def replay(
    api: Api, user: CurrentUser, body: JsonBody, key: IdempotencyKey = None
) -> Response:
    """Make a new run, due at once, of every final run that a filter matches: failed ones."""

    async def do(turn: Turn) -> Answer:
        which = check_fields(ReplayDraft, body, now=api.clock()).filter
        query = ReplayQuery(**which.model_dump())
        count = await api.runs.replay_all(user, query, id_for=turn.id_for, before=turn.at)
        return Answer(status=200, body=json.dumps(asdict(count)), headers={})

    return await answered_once(api.idempotency, user, key, request=["replay", body], do=do)


insight_router = APIRouter()


@insight_router.post(
    "/schedules/preview",
    tags=["schedules"],
    openapi_extra=body_of(PreviewDraft, _PREVIEW_EXAMPLE),
    responses={200: {"model": PreviewAnswer}, **problems(403, 413, 415, 422)},
)
async def preview(api: Api, _: CurrentUser, body: JsonBody) -> Response:
    """Say in words and instants what a schedule means; nothing is stored."""
    draft = check_fields(PreviewDraft, body, now=api.clock())
    shown = await api.jobs.preview(draft.schedule.schedule(), after=draft.after, count=draft.count)
    return JSONResponse(
        {
            "description": shown.description,
            "fire_times": [moment_text(fire) for fire in shown.fire_times],
            "notes": list(shown.notes),
        }
    )


@insight_router.get("/stats", tags=["stats"], responses={200: {"model": StatsAnswer}, **problems()})
async def stats(api: Api, user: CurrentUser) -> Response:
    """Say how the caller's jobs are doing, and how the last 24 hours went."""
    overview = await api.overviews.of(user)
    return JSONResponse(
        asdict(overview)
        | {"counts": {status.value: count for status, count in overview.counts.items()}}
        | {"hours": [_hour_fields(hour) for hour in overview.hours]}
    )


def _hour_fields(hour: HourCount) -> dict[str, object]:
    start = moment_text(hour.start)
    return {"start": start, "succeeded": hour.succeeded, "failed": hour.failed}
