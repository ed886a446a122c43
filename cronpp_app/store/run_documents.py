"""Documents of runs and attempts, and their codecs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NotRequired, TypedDict

from cronpp_app.domain.attempts import (
    Attempt,
    AttemptError,
    AttemptResult,
    AttemptStatus,
    ErrorKind,
    ReceivedResponse,
    SentRequest,
)
from cronpp_app.domain.backoff import RetryPolicy
from cronpp_app.domain.jobs import Action, LogAction, Overlap
from cronpp_app.domain.runs import Run, RunStatus, Trigger
from cronpp_app.store.action_documents import action_document, action_from
from cronpp_app.store.damage import Damaged, check_schema, check_shape, is_of_kind, read
from cronpp_app.store.documents import (
    LONG_AGO,
    SCHEMA,
    Document,
    retry_document,
)
from cronpp_app.store.job_documents import checked_retry


class RunDocument(TypedDict):
    """One document of `runs`: the ledger and the queue in one.

    `seat` holds the job's id from the start of a run to its end, if the job does not allow
    overlap, `queued` while one waits for that seat; both are unique, and that is the policy.
    """

    _id: str
    schema: int
    job_id: str
    user_id: str
    job_name: str
    job_version: int
    trigger: str
    fire_time: datetime
    status: str
    action: Document
    retry: Document
    overlap: str
    created_at: datetime
    attempt_count: int
    lost_count: int
    spared_count: int
    wake_at: NotRequired[datetime]
    seat: NotRequired[str]
    queued: NotRequired[str]
    claim_id: NotRequired[str]
    worker_id: NotRequired[str]
    previous_worker_id: NotRequired[str]
    due_at: NotRequired[datetime]
    expired: NotRequired[bool]
    started_at: NotRequired[datetime]
    finished_at: NotRequired[datetime]
    duration_ms: NotRequired[int]
    lateness_ms: NotRequired[int]
    error: NotRequired[Document]
    reason: NotRequired[str]
    possible_duplicate: NotRequired[bool]
    last_fire_time: NotRequired[datetime]
    fire_count: NotRequired[int]
    expire_at: NotRequired[datetime]


def run_document(run: Run) -> RunDocument:
    """Return the document of a new `run`: waiting, or final from the start."""
    document: Document = {
        "_id": run.id,
        "schema": SCHEMA,
        "job_id": run.job_id,
        "user_id": run.user_id,
        "job_name": run.job_name,
        "job_version": run.job_version,
        "trigger": run.trigger.value,
        "fire_time": run.fire_time,
        "status": run.status.value,
        "action": action_document(run.action),
        "retry": retry_document(run.retry),
        "overlap": run.overlap.value,
        "created_at": run.created_at,
        "attempt_count": run.attempt_count,
        "lost_count": 0,
        "spared_count": 0,
    }
    optional = {
        "wake_at": run.wake_at,
        "due_at": run.due_at,
        "claim_id": run.claim_id,
        "worker_id": run.worker_id,
        "seat": run.job_id if run.seated else None,
        "reason": run.reason,
        "finished_at": run.finished_at,
        "last_fire_time": run.last_fire_time,
        "fire_count": run.fire_count if run.fire_count > 1 else None,
    }
    document.update({name: value for name, value in optional.items() if value is not None})
    return document  # type: ignore[return-value]  # built by parts


def run_from(document: Mapping[str, Any]) -> Run:
    """Return the run of a document; raise Damaged, naming the field, if it cannot be one."""
    check_schema(document, SCHEMA)
    check_shape(document, _REQUIRED, _OPTIONAL)
    action = read("action", action_from, document)
    return _run(document, action, read("retry", checked_retry, document))


def run_for_people(document: Mapping[str, Any]) -> Run:
    """Return the run of a document; of a damaged one what can be read."""
    try:
        return run_from(document)
    except Damaged:
        harmless = {name: _HARMLESS[kind] for name, kind in _REQUIRED.items()}
        enums = {"trigger": Trigger.SCHEDULE, "overlap": Overlap.SKIP, "status": RunStatus.FAILED}
        usable = {
            name: value
            for name, value in document.items()
            if name != "error"
            and is_of_kind(value, (_REQUIRED | _OPTIONAL).get(name, value.__class__))
            and (name not in enums or value in set(enums[name].__class__))
        }
        unreadable = LogAction(message="(unreadable)")
        return _run({**harmless, **enums, **usable}, unreadable, RetryPolicy())


_REQUIRED: Final[dict[str, type]] = {
    **dict.fromkeys(("job_id", "user_id", "job_name", "trigger", "status", "overlap"), str),
    **dict.fromkeys(("job_version", "attempt_count", "lost_count", "spared_count"), int),
    **dict.fromkeys(("fire_time", "created_at"), datetime),
    **dict.fromkeys(("action", "retry"), dict),
}
_OPTIONAL: Final[dict[str, type]] = {
    **dict.fromkeys(("claim_id", "worker_id", "reason"), str),
    **dict.fromkeys(("duration_ms", "lateness_ms", "fire_count"), int),
    **dict.fromkeys(("wake_at", "due_at", "started_at", "finished_at", "last_fire_time"), datetime),
    "possible_duplicate": bool,
    "error": dict,
}
_HARMLESS: Final[dict[type, Any]] = {str: "", int: 0, datetime: LONG_AGO, dict: {}}


def _run(document: Mapping[str, Any], action: Action, retry: RetryPolicy) -> Run:
    error = document.get("error")
    return Run(
        id=document["_id"],
        job_id=document["job_id"],
        user_id=document["user_id"],
        job_name=document["job_name"],
        job_version=document["job_version"],
        trigger=read("trigger", Trigger, document),
        fire_time=document["fire_time"],
        status=read("status", RunStatus, document),
        action=action,
        retry=retry,
        overlap=read("overlap", Overlap, document),
        created_at=document["created_at"],
        wake_at=document.get("wake_at"),
        attempt_count=document["attempt_count"],
        lost_count=document["lost_count"],
        spared_count=document["spared_count"],
        claim_id=document.get("claim_id"),
        worker_id=document.get("worker_id"),
        previous_worker_id=document.get("previous_worker_id"),
        due_at=document.get("due_at"),
        started_at=document.get("started_at"),
        finished_at=document.get("finished_at"),
        duration_ms=document.get("duration_ms"),
        lateness_ms=document.get("lateness_ms"),
        error=read("error", error_from, document) if error else None,
        reason=document.get("reason"),
        possible_duplicate=document.get("possible_duplicate", False),
        seated=document.get("seat") == document["job_id"],
        last_fire_time=document.get("last_fire_time"),
        fire_count=document.get("fire_count", 1),
    )


def result_fields(result: AttemptResult) -> Document:
    """Return the fields of an attempt's document that its result decides."""
    fields: Document = {}
    if result.request is not None:
        request = result.request
        fields["request"] = {
            "method": request.method,
            "url": request.url,
            "headers": [list(pair) for pair in request.headers.items()],
            "body": request.body,
        }
    if result.response is not None:
        response = result.response
        fields["response"] = {
            "status": response.status,
            "headers": [list(pair) for pair in response.headers.items()],
            "body": response.body,
            "body_truncated": response.body_truncated,
            "size_bytes": response.size_bytes,
        }
    if result.error is not None:
        fields["error"] = error_document(result.error)
    return fields


def error_document(error: AttemptError) -> Document:
    """Return `error` as a document."""
    document = {"kind": error.kind.value, "message": error.message}
    return document | ({"traceback": error.traceback} if error.traceback else {})


def error_from(document: Document) -> AttemptError:
    """Return the error of a document."""
    return AttemptError(
        kind=ErrorKind(document["kind"]),
        message=document["message"],
        traceback=document.get("traceback"),
    )


def attempt_from(document: Mapping[str, Any]) -> Attempt:
    """Return the attempt of a document of `execution_logs`."""
    request, response = document.get("request"), document.get("response")
    error = document.get("error")
    return Attempt(
        run_id=document["run_id"],
        number=document["number"],
        worker_id=document["worker_id"],
        status=AttemptStatus(document["status"]),
        started_at=document["started_at"],
        finished_at=document.get("finished_at"),
        duration_ms=document.get("duration_ms"),
        request=SentRequest(**(request | {"headers": dict(request["headers"])}))
        if request
        else None,
        response=ReceivedResponse(**(response | {"headers": dict(response["headers"])}))
        if response
        else None,
        error=error_from(error) if error else None,
        stale_note=document.get("stale_note"),
    )
