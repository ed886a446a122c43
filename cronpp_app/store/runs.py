"""The ledger as a queue: adding, claiming, renewing and finishing runs."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from cronpp_app.domain.attempts import AttemptStatus
from cronpp_app.domain.jobs import Job
from cronpp_app.domain.runs import Run, RunStatus, Trigger
from cronpp_app.store.action_documents import action_document
from cronpp_app.store.attempts import log_ids
from cronpp_app.store.batches import merge, portions
from cronpp_app.store.damage import Damaged
from cronpp_app.store.database import Database
from cronpp_app.store.documents import Document, retry_document
from cronpp_app.store.fences import (
    ONE_ATTEMPT_LESS,
    all_held,
    duplicates,
    held,
    milliseconds,
    now_plus,
)
from cronpp_app.store.run_documents import run_document, run_from
from cronpp_app.store.seats import wake_queued

log = logging.getLogger("cronpp.worker")

# Said in queries as well, or MongoDB does not see that a partial index serves them.
_IS_DATE = {"$type": "date"}
_RUNNING = RunStatus.RUNNING.value
_WAITING = [RunStatus.PENDING.value, RunStatus.RETRYING.value]
_CLAIMABLE = [*_WAITING, _RUNNING]
_LEFT_BEHIND = ("claim_id", "due_at")
_UNFINISHED_FIELDS = ("wake_at", "due_at", "seat", "queued", "claim_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """Which runs were there already, and which were added without the seat they asked for."""

    known: Set[str]
    unseated: Set[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What a claim got: runs to attempt, and runs whose former worker let the lease end."""

    fresh: tuple[Run, ...]
    expired: tuple[Run, ...]


class RunStore:
    """Runs as workers see them. Every write after a claim is fenced by that claim's id."""

    def __init__(self, database: Database, *, retention: timedelta) -> None:
        self._runs = database.runs
        self._tally = database.tally
        self._logs = database.logs
        self._retention = retention

    async def add(self, runs: Sequence[Run]) -> Added:
        """Insert those of `runs` that are not there yet.

        One that is there was fired by another worker, which is as good. One whose job's seat
        is taken is added without it.
        """
        left_out = await self._insert(runs)
        unseated = {run_id for run_id, key in left_out.items() if key == "seat"}
        standing = [replace(run, seated=False) for run in runs if run.id in unseated]
        known = (left_out.keys() - unseated) | (await self._insert(standing)).keys()
        return Added(known=known, unseated=unseated)

    async def _insert(self, runs: Sequence[Run]) -> dict[str, str]:
        """Insert what the unique keys allow; return who met which key (the field's name)."""
        left_out: dict[int, str] = {}
        try:
            if runs:
                documents = [self._dated(run) for run in runs]
                await self._runs.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            left_out = duplicates(error)
        for index, run in enumerate(runs):
            if run.finished_at is not None and index not in left_out:
                self._tally.ended(run.status)
        return {runs[index].id: key for index, key in left_out.items()}

    async def last_told(self, job: Job, *, since: datetime) -> datetime | None:
        """Return the last fire time from `since` on that this version of `job` has told."""
        told = {
            "job_id": job.id,
            "fire_time": {"$gte": since},
            "trigger": Trigger.SCHEDULE.value,
            "job_version": job.version,
        }
        fields = {"_id": 0, "fire_time": 1, "last_fire_time": 1}
        found = await self._runs.find_one(told, fields, sort={"fire_time": -1})
        return found.get("last_fire_time", found["fire_time"]) if found else None

    async def claim(
        self,
        run_ids: Sequence[str],
        *,
        claim_id: str,
        worker_id: str,
        lease: timedelta,
        ahead: timedelta,
        reap: bool = True,
    ) -> Claimed:
        """Take those of `run_ids` that are due, as one guarded write each in one round trip.

        Due is judged by the database's clock. A waiting run may be taken `ahead` of its time
        and begins its next attempt; one that is RUNNING must have let its lease end, keeps
        its attempt number and is to be judged. Without `reap` the latter are left alone.
        """
        early = {"$cond": [{"$eq": ["$status", _RUNNING]}, 0, milliseconds(ahead)]}
        guard = {
            "_id": {"$in": list(run_ids)},
            "status": {"$in": _CLAIMABLE if reap else _WAITING},
            "wake_at": _IS_DATE,
            "$expr": {"$lte": ["$wake_at", {"$add": ["$$NOW", early]}]},
        }
        await self._runs.update_many(guard, [_claim_stage(claim_id, worker_id, lease)])
        mine = {"_id": {"$in": list(run_ids)}, "claim_id": claim_id}
        fresh: list[Run] = []
        expired: list[Run] = []
        async for document in self._runs.find(mine):
            try:
                (expired if document["expired"] else fresh).append(run_from(document))
            except Damaged as error:
                await self._set_aside(document["_id"], claim_id, str(error))
        return Claimed(fresh=tuple(fresh), expired=tuple(expired))

    async def _set_aside(self, run_id: str, claim_id: str, reason: str) -> None:
        """End a claimed run that cannot be read, and say why, so that it blocks nobody."""
        log.error("run set aside", extra={"run_id": run_id, "reason": reason})
        is_open = {"_id": log_ids(run_id), "status": AttemptStatus.RUNNING.value}
        ended = {"status": AttemptStatus.LOST.value, "finished_at": "$$NOW"}
        await self._logs.update_many(is_open, [{"$set": ended}])
        never_began = {"$and": [{"$not": ["$expired"]}, {"$isNumber": "$attempt_count"}]}
        fields = {
            "attempt_count": {"$cond": [never_began, ONE_ATTEMPT_LESS, "$attempt_count"]},
            "status": RunStatus.FAILED.value,
            "reason": {"$literal": f"Set aside, because it cannot be read: {reason}."},
            "finished_at": "$$NOW",
            "expire_at": {"$add": ["$$NOW", milliseconds(self._retention)]},
        }
        stages: list[Document] = [{"$set": fields}, {"$unset": list(_UNFINISHED_FIELDS)}]
        await self._runs.update_one({"_id": run_id, "claim_id": claim_id}, stages)

    async def give_back(self, runs: Sequence[Run]) -> None:
        """Let claimed `runs`, of which nothing was sent, wait for another worker."""
        before = {"$cond": [{"$gt": ["$attempt_count", 1]}, RunStatus.RETRYING, RunStatus.PENDING]}
        fields = {"status": before, "wake_at": "$due_at", "attempt_count": ONE_ATTEMPT_LESS}
        stages: list[Document] = [{"$set": fields}, {"$unset": ["claim_id", "due_at"]}]
        if runs:
            await self._runs.bulk_write(
                [UpdateOne(held(run), stages) for run in runs], ordered=False
            )

    async def refresh(self, runs: Sequence[Run]) -> None:
        """Store what claimed `runs` are to do by now, their jobs having been edited."""
        updates = [
            UpdateOne(
                held(run),
                {
                    "$set": {
                        "job_name": run.job_name,
                        "job_version": run.job_version,
                        "action": action_document(run.action),
                        "retry": retry_document(run.retry),
                        "overlap": run.overlap.value,
                    }
                },
            )
            for run in runs
        ]
        if updates:
            await self._runs.bulk_write(updates, ordered=False)

    async def renew(self, claims: Mapping[str, str], *, lease: timedelta) -> set[str]:
        """Extend the leases of `claims` (run id to claim id); return the runs that are lost."""
        ours = all_held(claims)
        result = await self._runs.update_many(ours, [{"$set": {"wake_at": now_plus(lease)}}])
        if result.matched_count == len(claims):
            return set()
        still = {document["_id"] async for document in self._runs.find(ours, {"_id": 1})}
        return set(claims) - still

    async def finish(self, outcomes: Sequence[tuple[Run, Document]]) -> int:
        """Write the outcome of claimed runs; return how many claims no longer held theirs.

        Each outcome is the fields to set; a final one also leaves the queue and its seat.
        """
        matched = 0
        for unset, group in _by_fields_to_remove(outcomes).items():
            rows = {run.id: self._dated_outcome(fields) for run, fields in group}
            claims = {run.id: run.claim_id for run, _ in group}
            lengths = {run_id: _characters(row) for run_id, row in rows.items()}
            for portion in portions(rows, characters=lengths):
                still_held = all_held({run_id: claims[run_id] for run_id in portion})
                result = await self._runs.update_many(still_held, merge(portion, unset=unset))
                matched += result.matched_count
                for row in portion.values():
                    self._tally.wrote(row)
        await wake_queued(self._runs, [run for run, fields in outcomes if "wake_at" not in fields])
        return len(outcomes) - matched

    async def cancel_waiting(self, job_id: str, *, reason: str, now: datetime) -> int:
        """Cancel the job's runs that have not started (again) yet; return how many."""
        result = await self._runs.update_many(
            {"job_id": job_id, "status": {"$in": _WAITING}, "wake_at": _IS_DATE},
            _final({"status": RunStatus.CANCELLED.value, "reason": reason}, self._end(now)),
        )
        self._tally.ended(RunStatus.CANCELLED, result.modified_count)
        return result.modified_count

    def _dated(self, run: Run) -> Document:
        document: Document = {**run_document(run)}
        if run.finished_at is not None:
            document |= self._end(run.finished_at)
        return document

    def _end(self, now: datetime) -> Document:
        return {"finished_at": now, "expire_at": now + self._retention}

    def _dated_outcome(self, fields: Document) -> Document:
        return fields if "wake_at" in fields else fields | self._end(fields["finished_at"])


def _by_fields_to_remove(
    outcomes: Sequence[tuple[Run, Document]],
) -> dict[tuple[str, ...], list[tuple[Run, Document]]]:
    """Return `outcomes` grouped by what they remove: a statement removes the same from all."""
    groups: dict[tuple[str, ...], list[tuple[Run, Document]]] = defaultdict(list)
    for run, fields in outcomes:
        gone: tuple[str, ...] = _LEFT_BEHIND if "wake_at" in fields else _UNFINISHED_FIELDS
        if "error" not in fields:
            gone += ("error",)  # an earlier attempt's, made good by now
        groups[gone].append((run, fields))
    return groups


def _characters(fields: Document) -> int:
    """Return how long an outcome is: the words on an error, which may be many, and the rest."""
    return 2_000 + sum(len(text) for text in fields.get("error", {}).values())


def _claim_stage(claim_id: str, worker_id: str, lease: timedelta) -> Document:
    was_running = {"$eq": ["$status", _RUNNING]}
    return {
        "$set": {
            "status": _RUNNING,
            "claim_id": claim_id,
            "worker_id": worker_id,
            "previous_worker_id": "$worker_id",
            "due_at": "$wake_at",
            "wake_at": now_plus(lease),
            "expired": was_running,
            "attempt_count": {
                # One that is no number is left for the reader to notice, or it fails for all.
                "$cond": [
                    {"$and": [{"$not": [was_running]}, {"$isNumber": "$attempt_count"}]},
                    {"$add": ["$attempt_count", 1]},
                    "$attempt_count",
                ]
            },
        }
    }


def _final(fields: Document, end: Document) -> Document:
    gone = list(_UNFINISHED_FIELDS)
    if "error" not in fields:
        gone.append("error")  # an earlier attempt's, made good by now
    return {"$set": fields | end, "$unset": dict.fromkeys(gone, "")}
