"""What attempts sent and got back, for the pictures in the documentation."""

from datetime import datetime, timedelta
from typing import Any

from cronpp_app.domain.attempts import (
    AttemptError,
    AttemptResult,
    ErrorKind,
    ReceivedResponse,
    SentRequest,
)
from cronpp_app.domain.jobs import HttpAction, Job
from cronpp_app.store.attempts import log_id
from cronpp_app.store.run_documents import result_fields

_BUSY = '{"error": "upstream busy", "retry_after": 10}'
TIMED_OUT = AttemptError(
    kind=ErrorKind.TIMEOUT,
    message="The call took longer than 30 s: it waited for the answer.",
)
REFUSED = AttemptError(
    kind=ErrorKind.STATUS,
    message="The target answered 503 Service Unavailable, which is not among the expected 200-299.",
    traceback="UnexpectedStatus: 503 Service Unavailable (expected 200-299)",
)


def good_attempt(job: Job, run_id: str, started: datetime) -> dict[str, Any]:
    answer = '{"status": "ok", "scored": 1842, "model": "2026-11"}'
    response = ReceivedResponse(
        status=200,
        headers={"Content-Type": "application/json"},
        body=answer,
        body_truncated=False,
        size_bytes=len(answer),
    )
    good = attempt(job, run_id, 1, started)
    good.pop("error")
    good |= result_fields(AttemptResult(response=response))
    return good | {"status": "SUCCESS"}


def attempt(job: Job, run_id: str, number: int, started: datetime) -> dict[str, Any]:
    action = job.definition.action
    assert isinstance(action, HttpAction)
    headers = {**action.headers, "Authorization": "\u2022\u2022\u2022\u20222c81"}
    answered = {"Content-Type": "application/json", "Retry-After": "10"}
    result = AttemptResult(
        request=SentRequest(
            method=action.method, url=action.url, headers=headers, body=action.body
        ),
        response=ReceivedResponse(
            status=503, headers=answered, body=_BUSY, body_truncated=False, size_bytes=len(_BUSY)
        ),
        error=REFUSED,
    )
    took = 412 if number == 1 else 388
    return {
        "_id": log_id(run_id, number),
        "run_id": run_id,
        "job_id": job.id,
        "user_id": job.user_id,
        "number": number,
        "worker_id": "worker-2",
        "status": "FAILED",
        "started_at": started,
        "finished_at": started + timedelta(milliseconds=took),
        "duration_ms": took,
        **result_fields(result),
    }
