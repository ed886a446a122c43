"""A job's summary of its runs: its status, its last run, how often it failed in a row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from cronpp_app.domain.jobs import JobStatus
from cronpp_app.domain.runs import PAUSE_AFTER_POISONED, Run, RunStatus
from cronpp_app.store.documents import Document

_RECENT_KEPT = 20
# A summary is for lists; the run itself keeps every word.
_LONGEST_ERROR = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What a job's summary learns from the end of an attempt."""

    run: Run
    status: RunStatus
    finished_at: datetime
    duration_ms: int
    error: str | None
    pause_reason: str | None = None
    poisoned: bool = False


def waves(endings: Sequence[Ending]) -> Iterator[dict[str, Ending]]:
    """Yield `endings` in order, those of one job in different waves."""
    wave: dict[str, Ending] = {}
    for ending in endings:
        if ending.run.job_id in wave:
            yield wave
            wave = {}
        wave[ending.run.job_id] = ending
    if wave:
        yield wave


def summary_of(ending: Ending) -> Document:
    """Return what a job's summary learns from the end of a run, as a row for SUMMED_UP."""
    succeeded = ending.status is RunStatus.SUCCESS
    return {
        "last_run": {
            "id": ending.run.id,
            "status": ending.status.value,
            "fire_time": ending.run.fire_time,
            "finished_at": ending.finished_at,
            "duration_ms": ending.duration_ms,
            "error": ending.error[:_LONGEST_ERROR] if ending.error else None,
        },
        "recent": [{"status": ending.status.value, "duration_ms": ending.duration_ms}],
        "failures_kept": int(not succeeded),
        "failures_more": int(ending.status is RunStatus.FAILED),
        "poisoned": ending.poisoned,
        "ended": (JobStatus.SUCCESS if succeeded else JobStatus.FAILED).value,
    }


_HAS_NEXT = {"$eq": [{"$type": "$next_run_time"}, "date"]}
# A damaged summary must not make the statement fail for all the others.
_FAILURES: Document = {
    "$cond": [{"$isNumber": "$consecutive_failures"}, "$consecutive_failures", 0]
}
_RECENT: Document = {"$cond": [{"$isArray": "$recent"}, "$recent", []]}
# How many poisoned runs in a row the last one ends; absent when it was none.
_POISONED_BEFORE: Document = {
    "$cond": [{"$isNumber": "$last_run.poisoned"}, "$last_run.poisoned", 0]
}
_POISONED: Document = {"$cond": ["$$row.poisoned", {"$add": [_POISONED_BEFORE, 1]}, "$$REMOVE"]}
IS_POISON: Document = {"last_run.poisoned": {"$gte": PAUSE_AFTER_POISONED}}
# How a job's summary changes by a row of summary_of.
SUMMED_UP: Document = {
    "last_run": {"$mergeObjects": ["$$row.last_run", {"poisoned": _POISONED}]},
    "last_sort": "$$row.last_run.fire_time",
    "consecutive_failures": {
        "$add": [
            {"$multiply": [_FAILURES, "$$row.failures_kept"]},
            "$$row.failures_more",
        ]
    },
    "recent": {"$slice": [{"$concatArrays": [_RECENT, "$$row.recent"]}, -_RECENT_KEPT]},
    "status": {
        "$switch": {
            "branches": [
                {"case": {"$not": ["$enabled"]}, "then": JobStatus.PAUSED.value},
                {"case": _HAS_NEXT, "then": JobStatus.PENDING.value},
            ],
            "default": "$$row.ended",
        }
    },
}
# For a job whose schedule ends with this fire time: as its last run, if that is over already.
_LAST_RUN_IS_OVER: Document = {"$gte": ["$last_run.fire_time", "$next_run_time"]}
_LAST_RUN_SUCCEEDED: Document = {"$eq": ["$last_run.status", RunStatus.SUCCESS.value]}
STATUS_WHEN_ENDED: Document = {
    "$switch": {
        "branches": [
            {"case": {"$not": [_LAST_RUN_IS_OVER]}, "then": "$status"},
            {"case": _LAST_RUN_SUCCEEDED, "then": JobStatus.SUCCESS.value},
        ],
        "default": JobStatus.FAILED.value,
    }
}
