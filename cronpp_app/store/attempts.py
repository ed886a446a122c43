"""The execution log: one record per attempt, opened before anything is sent.

Closing a record is the commit point of an attempt: whoever closes it decides what became of
it, and the record carries the verdict. A worker that dies between closing the record and
updating the run loses nothing, because the next one to look adopts the recorded verdict.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from cronpp_app.domain.attempts import AttemptResult, AttemptStatus
from cronpp_app.domain.runs import Run, RunStatus, Verdict
from cronpp_app.store.batches import merge, portions, same
from cronpp_app.store.database import Database
from cronpp_app.store.documents import SCHEMA, Document
from cronpp_app.store.fences import duplicates
from cronpp_app.store.run_documents import error_from, result_fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """What is written when an attempt of `run` ends: its result, its times and the verdict."""

    run: Run
    status: AttemptStatus
    result: AttemptResult
    verdict: Verdict
    started_at: datetime
    finished_at: datetime

    @property
    def duration_ms(self) -> int:
        """Return how long the attempt took."""
        return max(0, round((self.finished_at - self.started_at).total_seconds() * 1000))


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEnd:
    """What the log already knows of an attempt's end."""

    status: AttemptStatus
    verdict: Verdict
    result: AttemptResult
    started_at: datetime
    finished_at: datetime


def log_id(run_id: str, number: int) -> str:
    """Return the key of attempt `number` (from 1) of a run; keys sort as numbers do."""
    return f"{run_id}/{number:04}"


def log_ids(run_id: str) -> Document:
    """Return the condition that the keys of all attempts of a run meet."""
    return {"$gte": f"{run_id}/", "$lt": f"{run_id}0"}  # "0" is the character behind "/"


class AttemptStore:
    """Attempts as workers write them, fenced by the claim that opened them."""

    def __init__(self, database: Database, *, retention: timedelta) -> None:
        self._logs = database.logs
        # A log outlives its run, so that a run never shows without its attempts.
        self._retention = retention + timedelta(days=1)

    async def open_all(self, runs: Sequence[Run], *, now: datetime) -> set[str]:
        """Open the record of the present attempt of each claimed run.

        Returns the runs whose record somebody else opened: their claims are lost.
        """
        if not runs:
            return set()
        try:
            await self._logs.insert_many([self._opened(run, now) for run in runs], ordered=False)
        except BulkWriteError as error:
            duplicates(error)  # raises it unless these are all that is wrong
            return await self._opened_by_others(runs)
        return set()

    async def close_all(self, closings: Sequence[Closing]) -> set[str]:
        """Close open records and return the ids of runs whose record was no longer ours.

        Their late result is kept as a note in the record and changes nothing else.
        """
        if not closings:
            return set()
        by_key = {
            log_id(closing.run.id, closing.run.attempt_count): closing for closing in closings
        }
        rows = {key: self._closed(closing) for key, closing in by_key.items()}
        lengths = {key: _characters(closing.result) for key, closing in by_key.items()}
        matched = 0
        for portion in portions(rows, characters=lengths):
            claims = {key: by_key[key].run.claim_id for key in portion}
            open_records = {
                "_id": {"$in": list(portion)},
                "status": AttemptStatus.RUNNING.value,
                "$expr": same("claim_id", claims),
            }
            matched += (await self._logs.update_many(open_records, merge(portion))).matched_count
        return set() if matched == len(closings) else await self._note_stale(closings)

    async def take_over(self, runs: Sequence[Run]) -> dict[str, RecordedEnd | datetime]:
        """Fence the records of expired `runs` with our claims: their workers come too late.

        Returns, for each run whose present attempt has a record, how that attempt ended, or
        since when the record has been open. A run that is absent never opened one.
        """
        if not runs:
            return {}
        by_key = {log_id(run.id, run.attempt_count): run for run in runs}
        still_open = AttemptStatus.RUNNING.value
        fences = [
            UpdateOne({"_id": key, "status": still_open}, {"$set": {"claim_id": run.claim_id}})
            for key, run in by_key.items()
        ]
        await self._logs.bulk_write(fences, ordered=False)
        records: dict[str, RecordedEnd | datetime] = {}
        async for found in self._logs.find({"_id": {"$in": list(by_key)}}):
            is_open = found["status"] == still_open
            records[found["run_id"]] = found["started_at"] if is_open else _recorded_end(found)
        return records

    async def _opened_by_others(self, runs: Sequence[Run]) -> set[str]:
        """Return the runs whose record does not carry our claim; a retried insert's does."""
        by_key = {log_id(run.id, run.attempt_count): run for run in runs}
        found = self._logs.find({"_id": {"$in": list(by_key)}}, {"claim_id": 1})
        return {
            by_key[record["_id"]].id
            async for record in found
            if record["claim_id"] != by_key[record["_id"]].claim_id
        }

    def _opened(self, run: Run, now: datetime) -> Document:
        return {
            "_id": log_id(run.id, run.attempt_count),
            "schema": SCHEMA,
            "run_id": run.id,
            "job_id": run.job_id,
            "user_id": run.user_id,
            "number": run.attempt_count,
            "worker_id": run.worker_id,
            "claim_id": run.claim_id,
            "status": AttemptStatus.RUNNING.value,
            "started_at": now,
            "expire_at": now + self._retention,
        }

    def _closed(self, closing: Closing) -> Document:
        return {
            "status": closing.status.value,
            "started_at": closing.started_at,
            "finished_at": closing.finished_at,
            "duration_ms": closing.duration_ms,
            "verdict": verdict_document(closing.verdict),
            **result_fields(closing.result),
        }

    async def _note_stale(self, closings: Sequence[Closing]) -> set[str]:
        by_key = {log_id(c.run.id, c.run.attempt_count): c for c in closings}
        ours = {
            found["_id"]
            async for found in self._logs.find(
                {"_id": {"$in": list(by_key)}}, {"claim_id": 1, "status": 1}
            )
            if found["claim_id"] == by_key[found["_id"]].run.claim_id
            and found["status"] != AttemptStatus.RUNNING.value
        }
        stale = [closing for key, closing in by_key.items() if key not in ours]
        notes = [
            UpdateOne(
                {"_id": log_id(c.run.id, c.run.attempt_count)},
                {"$set": {"stale_note": _stale_note(c)}},
            )
            for c in stale
        ]
        if notes:
            await self._logs.bulk_write(notes, ordered=False)
        return {closing.run.id for closing in stale}


def _characters(result: AttemptResult) -> int:
    """Return how long the texts of a record are that others decide about, with room for the rest.

    Headers count, too: a target may send a mebibyte of them.
    """
    size = 2_000
    for message in (result.request, result.response):
        if message is not None:
            size += len(message.body or "")
            size += sum(len(name) + len(value) for name, value in message.headers.items())
    if result.request is not None:
        size += len(result.request.url)
    if result.error is not None:
        size += len(result.error.message) + len(result.error.traceback or "")
    return size


def _stale_note(closing: Closing) -> str:
    what = "success" if closing.result.ok else f"{closing.result.error.kind}"  # type: ignore[union-attr]
    return (
        f"Worker {closing.run.worker_id} reported {what} at "
        f"{closing.finished_at.isoformat(timespec='milliseconds')}, after its lease was lost."
    )


def verdict_document(verdict: Verdict) -> Document:
    """Return `verdict` as a document."""
    document: Document = {
        "status": verdict.status.value,
        "pause_job": verdict.pause_job,
        "lost_count": verdict.lost_count,
        "spared_count": verdict.spared_count,
        "possible_duplicate": verdict.possible_duplicate,
    }
    if verdict.retry_at is not None:
        document["retry_at"] = verdict.retry_at
    if verdict.reason is not None:
        document["reason"] = verdict.reason
    return document


def _recorded_end(document: Mapping[str, Any]) -> RecordedEnd:
    verdict, error = document["verdict"], document.get("error")
    return RecordedEnd(
        status=AttemptStatus(document["status"]),
        verdict=Verdict(
            status=RunStatus(verdict["status"]),
            retry_at=verdict.get("retry_at"),
            reason=verdict.get("reason"),
            pause_job=verdict["pause_job"],
            lost_count=verdict["lost_count"],
            spared_count=verdict["spared_count"],
            possible_duplicate=verdict["possible_duplicate"],
        ),
        result=AttemptResult(error=error_from(error) if error else None),
        started_at=document["started_at"],
        finished_at=document["finished_at"],
    )
