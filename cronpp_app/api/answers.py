"""Answers that several routes give: a job, a list, and one that is given once only."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

from starlette.responses import JSONResponse, Response

from cronpp_app.domain.jobs import Job
from cronpp_app.domain.runs import Run
from cronpp_app.services.accounts import User
from cronpp_app.services.drafts import job_fields, run_fields
from cronpp_app.services.idempotency import Answer, Idempotency, Turn
from cronpp_app.services.paging import Page

Item = TypeVar("Item")
# Some tenths of a millisecond.
_TURN = 25


def job_answer(job: Job) -> Response:
    """Return `job` and its version as an entity tag."""
    return JSONResponse(job_fields(job), headers=_tag(job))


def new_job(job: Job) -> Answer:
    """Return the answer to the creation of `job`."""
    headers = {"Location": f"/api/jobs/{job.id}", **_tag(job)}
    return Answer(status=201, body=_json(job_fields(job)), headers=headers)


def started_run(run: Run) -> Answer:
    """Return the answer to a request that started or changed `run`."""
    headers = {"Location": f"/api/runs/{run.id}"}
    return Answer(status=202, body=_json({"run": run_fields(run)}), headers=headers)


async def json_items(items: AsyncIterator[dict[str, Any]]) -> AsyncIterator[str]:
    """Yield the inside of a JSON array, one of `items` a line."""
    first = True
    async for item in items:
        yield ("\n" if first else ",\n") + json.dumps(item, ensure_ascii=False)
        first = False


async def page_answer(page: Page[Item], fields: Callable[[Item], dict[str, Any]]) -> Response:
    """Return a page of a list; others get their turn while it is being written."""
    items: list[dict[str, Any]] = []
    for item in page.items:
        items.append(fields(item))
        if len(items) % _TURN == 0:
            await asyncio.sleep(0)
    return JSONResponse(
        {
            "items": items,
            "next_cursor": page.next_cursor,
            "total": page.total,
            "total_is_exact": page.total_is_exact,
        }
    )


async def answered_once(
    idempotency: Idempotency,
    user: User,
    key: str | None,
    *,
    request: object,
    do: Callable[[Turn], Awaitable[Answer]],
) -> Response:
    """Return the answer of `do`, or the first answer if `key` repeats `request`.

    `do` is given the ids for what it creates.
    """
    answer, repeated = await idempotency.once(user, key, request=request, do=do)
    headers = answer.headers | ({"Idempotency-Replayed": "true"} if repeated else {})
    return Response(answer.body, answer.status, headers=headers, media_type="application/json")


def _tag(job: Job) -> dict[str, str]:
    return {"ETag": f'"{job.version}"'}


def _json(fields: dict[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
