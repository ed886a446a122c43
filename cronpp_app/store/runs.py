"""The ledger as a queue: adding, claiming, renewing and finishing runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError

from cronpp_app.domain.jobs import Overlap
from cronpp_app.domain.runs import Run, RunStatus
from cronpp_app.store.database import Database
from cronpp_app.store.documents import Document
from cronpp_app.store.run_documents import RunDocument, run_document, run_from

# How soon a run that waits for its job's seat looks again; a finishing run wakes it earlier.
QUEUE_LOOK = timedelta(seconds=1)
_DUPLICATE_KEY = 11000
_IS_DATE = {"$type": "date"}
# A waiting run has no claim; a due one is judged by the database's clock, not by a worker's.
_DUE_BY_DATABASE_CLOCK = {"wake_at": _IS_DATE, "$expr": {"$lte": ["$wake_at", "$$NOW"]}}
_WAITING = [RunStatus.PENDING.value, RunStatus.RETRYING.value]
_CLAIMABLE = [*_WAITING, RunStatus.RUNNING.value]
_UNFINISHED_FIELDS = ("wake_at", "seat", "queued")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What a claim got: runs to attempt, and runs whose former worker let the lease end."""

    fresh: tuple[Run, ...]
    expired: tuple[Run, ...]


class RunStore:
    """Runs as workers see them. Every write after a claim is fenced by that claim's id."""

    def __init__(self, database: Database, *, retention: timedelta) -> None:
        self._runs = database.runs
        self._retention = retention

    async def add(self, run: Run) -> Run:
        """Return `run` as stored: waiting, or skipped with a reason where overlap forbids it."""
        (stored,) = await self.add_all([run])
        return stored

    async def add_all(self, runs: Sequence[Run]) -> tuple[Run, ...]:
        """Insert those of `runs` that are not there yet and return them as stored.

        A run that is there already was fired by another worker, which is as good. One whose
        job has an unfinished run waits for its seat or is skipped, as its overlap policy says.
        """
        if not runs:
            return ()
        blocked, known = await self._insert([run_document(self._dated(run)) for run in runs])
        added = [run for run in runs if run.id not in known and run.id not in blocked]
        behind = [await self._add_behind(run) for run in runs if run.id in blocked]
        return (*added, *behind)

    async def peek_due(self, *, now: datetime, limit: int) -> list[str]:
        """Return the ids of at most `limit` runs that somebody must look at, oldest first."""
        due = {"wake_at": {**_IS_DATE, "$lte": now}}
        cursor = self._runs.find(due, {"_id": 1}).sort({"wake_at": 1, "_id": 1}).limit(limit)
        return [document["_id"] async for document in cursor]

    async def next_wake(self) -> datetime | None:
        """Return when the next run needs a look, or None when none does."""
        found = await self._runs.find_one(
            {"wake_at": _IS_DATE}, {"_id": 0, "wake_at": 1}, sort={"wake_at": 1, "_id": 1}
        )
        return found["wake_at"] if found else None

    async def claim(
        self,
        run_ids: Sequence[str],
        *,
        claim_id: str,
        worker_id: str,
        lease: timedelta,
        reap: bool = True,
    ) -> Claimed:
        """Take those of `run_ids` that are due, as one guarded write each in one round trip.

        Due is judged by the database's clock. A waiting run begins its next attempt; one
        that was RUNNING has an expired lease, keeps its attempt number and is to be judged.
        Without `reap` the latter are left alone.
        """
        claimable = _CLAIMABLE if reap else _WAITING
        guard = {
            "_id": {"$in": list(run_ids)},
            "status": {"$in": claimable},
            "queued": {"$exists": False},
        }
        await self._runs.update_many(
            guard | _DUE_BY_DATABASE_CLOCK, [_claim_stage(claim_id, worker_id, lease)]
        )
        mine = {"_id": {"$in": list(run_ids)}, "claim_id": claim_id}
        documents = [document async for document in self._runs.find(mine)]
        if len(documents) < len(run_ids):
            taken = {document["_id"] for document in documents}
            left = [run_id for run_id in run_ids if run_id not in taken]
            documents += await self._claim_queued(left, claim_id, worker_id, lease)
        return Claimed(
            fresh=tuple(run_from(document) for document in documents if not document["expired"]),
            expired=tuple(run_from(document) for document in documents if document["expired"]),
        )

    async def renew(self, claims: Mapping[str, str], *, lease: timedelta) -> set[str]:
        """Extend the leases of `claims` (run id to claim id); return the runs that are lost."""
        held = {
            "_id": {"$in": list(claims)},
            "claim_id": {"$in": list(set(claims.values()))},
            "status": RunStatus.RUNNING.value,
        }
        result = await self._runs.update_many(held, [{"$set": {"wake_at": _now_plus(lease)}}])
        if result.matched_count == len(claims):
            return set()
        still = {document["_id"] async for document in self._runs.find(held, {"_id": 1})}
        return set(claims) - still

    async def finish(self, outcomes: Sequence[tuple[Run, Document]]) -> int:
        """Write the outcome of claimed runs; return how many claims no longer held theirs.

        Each outcome is the fields to set; a final one also leaves the queue and its seat.
        """
        if not outcomes:
            return 0
        updates = [self._finish_one(run, fields) for run, fields in outcomes]
        result = await self._runs.bulk_write(updates, ordered=False)
        await self._wake_queued([run for run, fields in outcomes if "wake_at" not in fields])
        return len(outcomes) - result.matched_count

    async def cancel_waiting(self, job_id: str, *, reason: str, now: datetime) -> int:
        """Cancel the job's runs that have not started (again) yet; return how many."""
        result = await self._runs.update_many(
            {"job_id": job_id, "status": {"$in": _WAITING}, "wake_at": _IS_DATE},
            _final({"status": RunStatus.CANCELLED.value, "reason": reason}, self._end(now)),
        )
        return result.modified_count

    def _dated(self, run: Run) -> Run:
        return run if run.wake_at else replace(run, finished_at=run.created_at)

    def _end(self, now: datetime) -> Document:
        return {"finished_at": now, "expire_at": now + self._retention}

    def _finish_one(self, run: Run, fields: Document) -> UpdateOne:
        held = {"_id": run.id, "claim_id": run.claim_id, "status": RunStatus.RUNNING.value}
        if "wake_at" in fields:
            return UpdateOne(held, {"$set": fields, "$unset": {"claim_id": ""}})
        return UpdateOne(held, _final(fields, self._end(fields["finished_at"])))

    async def _insert(self, documents: Sequence[RunDocument]) -> tuple[set[str], set[str]]:
        """Return the ids that found a seat taken, and those that were there already."""
        for document in documents:
            if "finished_at" in document:
                document["expire_at"] = document["finished_at"] + self._retention
        try:
            await self._runs.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            failures = error.details["writeErrors"]
            if any(failure["code"] != _DUPLICATE_KEY for failure in failures):
                raise
            known = {f["op"]["_id"] for f in failures if "_id" in f["keyPattern"]}
            return {f["op"]["_id"] for f in failures} - known, known
        return set(), set()

    async def _add_behind(self, run: Run) -> Run:
        """Store a run whose job has an unfinished one: waiting for the seat, or skipped."""
        if run.overlap is Overlap.QUEUE:
            waiting = run_document(run)
            del waiting["seat"]
            waiting["queued"] = run.job_id
            waiting["wake_at"] = run.created_at + QUEUE_LOOK
            try:
                await self._runs.insert_one(waiting)
            except DuplicateKeyError:
                pass
            else:
                return run
        return await self._skip(run)

    async def _skip(self, run: Run) -> Run:
        holder = await self._runs.find_one({"seat": run.job_id}, {"_id": 1})
        other = holder["_id"] if holder else "another run"
        skipped = replace(
            run,
            status=RunStatus.SKIPPED,
            wake_at=None,
            finished_at=run.created_at,
            reason=f"Run {other} of this job was not finished; the overlap policy is "
            f"{run.overlap.value}.",
        )
        await self._insert([run_document(skipped)])
        return skipped

    async def _claim_queued(
        self, run_ids: Sequence[str], claim_id: str, worker_id: str, lease: timedelta
    ) -> list[Mapping[str, Any]]:
        """Claim those of `run_ids` that wait for a seat which is free by now."""
        queued = {"_id": {"$in": list(run_ids)}, "queued": {"$type": "string"}}
        claimed = []
        async for waiting in self._runs.find(queued | _DUE_BY_DATABASE_CLOCK, {"_id": 1}):
            due = {"_id": waiting["_id"], "queued": {"$type": "string"}}
            stage = _claim_stage(claim_id, worker_id, lease)
            stage["$set"]["seat"] = "$job_id"
            try:
                await self._runs.update_one(
                    due | _DUE_BY_DATABASE_CLOCK, [stage, {"$unset": "queued"}]
                )
            except DuplicateKeyError:  # the seat is still taken
                await self._runs.update_one(due, [{"$set": {"wake_at": _now_plus(QUEUE_LOOK)}}])
            else:
                found = await self._runs.find_one({"_id": waiting["_id"], "claim_id": claim_id})
                claimed += [found] if found else []
        return claimed

    async def _wake_queued(self, finished: Sequence[Run]) -> None:
        job_ids = [run.job_id for run in finished if run.overlap is Overlap.QUEUE]
        if job_ids:
            await self._runs.update_many(
                {"queued": {"$in": job_ids}}, [{"$set": {"wake_at": "$$NOW"}}]
            )


def _claim_stage(claim_id: str, worker_id: str, lease: timedelta) -> Document:
    was_running = {"$eq": ["$status", RunStatus.RUNNING.value]}
    return {
        "$set": {
            "status": RunStatus.RUNNING.value,
            "claim_id": claim_id,
            "worker_id": worker_id,
            "previous_worker_id": "$worker_id",
            "wake_at": _now_plus(lease),
            "expired": was_running,
            "started_at": {"$ifNull": ["$started_at", "$$NOW"]},
            "attempt_count": {
                "$cond": [was_running, "$attempt_count", {"$add": ["$attempt_count", 1]}]
            },
        }
    }


def _now_plus(span: timedelta) -> Document:
    return {"$add": ["$$NOW", round(span.total_seconds() * 1000)]}


def _final(fields: Document, end: Document) -> Document:
    gone = [*_UNFINISHED_FIELDS, "claim_id"]
    if "error" not in fields:
        gone.append("error")  # an earlier attempt's, made good by now
    return {"$set": fields | end, "$unset": dict.fromkeys(gone, "")}
