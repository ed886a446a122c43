"""What writes after a claim have in common: the fence, and the server's clock."""

from collections.abc import Mapping
from datetime import timedelta

from pymongo.errors import BulkWriteError

from cronpp_app.domain.runs import Run, RunStatus
from cronpp_app.store.batches import same
from cronpp_app.store.database import DUPLICATE_KEY
from cronpp_app.store.documents import Document

# For a run that gives its claim back: the attempt never began.
ONE_ATTEMPT_LESS = {"$subtract": ["$attempt_count", 1]}
_RUNNING = RunStatus.RUNNING.value


def held(run: Run) -> Document:
    """Return the condition that `run` is still held by its claim."""
    return {"_id": run.id, "claim_id": run.claim_id, "status": _RUNNING}


def all_held(claims: Mapping[str, str | None]) -> Document:
    """Return the condition that a run is held by the very claim that `claims` names for it."""
    return {
        "_id": {"$in": list(claims)},
        "status": _RUNNING,
        "$expr": same("claim_id", claims),
    }


def milliseconds(span: timedelta) -> int:
    """Return `span` in whole milliseconds, as date arithmetic on the server takes it."""
    return round(span.total_seconds() * 1000)


def now_plus(span: timedelta) -> Document:
    """Return the expression for the moment `span` after the server's present."""
    return {"$add": ["$$NOW", milliseconds(span)]}


def duplicates(error: BulkWriteError) -> dict[int, str]:
    """Return which operations met which duplicate key; raise `error` if anything else failed.

    What no majority has confirmed failed, too: it may be gone with this primary.
    """
    failures = error.details["writeErrors"]
    unconfirmed = error.details["writeConcernErrors"]
    if unconfirmed or any(failure["code"] != DUPLICATE_KEY for failure in failures):
        raise error
    return {failure["index"]: next(iter(failure["keyPattern"])) for failure in failures}
