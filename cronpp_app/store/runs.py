"""The ledger as a queue: adding, claiming, renewing and finishing runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from cronpp_app.domain.jobs import Overlap
from cronpp_app.domain.runs import Run, RunStatus
from cronpp_app.store.database import DUPLICATE_KEY, Database
from cronpp_app.store.documents import Document, action_document, retry_document
from cronpp_app.store.run_documents import run_document, run_from

# How soon a run that waits for its job's seat looks again; a finishing run wakes it earlier.
QUEUE_LOOK = timedelta(seconds=3)
# Said in queries as well, or MongoDB does not see that a partial index serves them.
_IS_DATE = {"$type": "date"}
_IS_TEXT = {"$type": "string"}
_RUNNING = RunStatus.RUNNING.value
_WAITING = [RunStatus.PENDING.value, RunStatus.RETRYING.value]
_CLAIMABLE = [*_WAITING, _RUNNING]
_UNFINISHED_FIELDS = ("wake_at", "due_at", "seat", "queued", "claim_id")


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

    async def add(self, runs: Sequence[Run]) -> None:
        """Insert those of `runs` that are not there yet.

        One that is there already was fired by another worker, which is as good.
        """
        if not runs:
            return
        try:
            await self._runs.insert_many([self._dated(run) for run in runs], ordered=False)
        except BulkWriteError as error:
            _raise_unless_duplicates(error)

    async def peek(self, *, until: datetime, limit: int) -> list[str]:
        """Return the ids of at most `limit` runs to be looked at by `until`, oldest first."""
        due = {"wake_at": {**_IS_DATE, "$lte": until}}
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
        ahead: timedelta,
        reap: bool = True,
    ) -> Claimed:
        """Take those of `run_ids` that are due, as one guarded write each in one round trip.

        Due is judged by the database's clock. A waiting run may be taken `ahead` of its time
        and begins its next attempt; one that is RUNNING must have let its lease end, keeps
        its attempt number and is to be judged. Without `reap` the latter are left alone.
        """
        early = {"$cond": [{"$eq": ["$status", _RUNNING]}, 0, _milliseconds(ahead)]}
        guard = {
            "_id": {"$in": list(run_ids)},
            "status": {"$in": _CLAIMABLE if reap else _WAITING},
            "wake_at": _IS_DATE,
            "$expr": {"$lte": ["$wake_at", {"$add": ["$$NOW", early]}]},
        }
        await self._runs.update_many(guard, [_claim_stage(claim_id, worker_id, lease)])
        mine = {"_id": {"$in": list(run_ids)}, "claim_id": claim_id}
        documents = [document async for document in self._runs.find(mine)]
        return Claimed(
            fresh=tuple(run_from(document) for document in documents if not document["expired"]),
            expired=tuple(run_from(document) for document in documents if document["expired"]),
        )

    async def take_seats(self, runs: Sequence[Run]) -> set[str]:
        """Let claimed `runs` take the seats of their jobs; return those that found them taken.

        Jobs that allow overlap have no seats.
        """
        seated = [run for run in runs if run.overlap is not Overlap.ALLOW]
        if not seated:
            return set()
        updates = [
            UpdateOne(_held(run), {"$set": {"seat": run.job_id}, "$unset": {"queued": ""}})
            for run in seated
        ]
        try:
            await self._runs.bulk_write(updates, ordered=False)
        except BulkWriteError as error:
            return {seated[index].id for index in _raise_unless_duplicates(error)}
        return set()

    async def holder(self, job_id: str) -> str | None:
        """Return the id of the run that has the job's seat."""
        found = await self._runs.find_one({"seat": {"$eq": job_id, **_IS_TEXT}}, {"_id": 1})
        return found["_id"] if found else None

    async def queue(self, run: Run) -> bool:
        """Let a claimed run wait for its job's seat, unsent; return False if another waits."""
        waiting = {"status": RunStatus.PENDING.value, "queued": run.job_id}
        stage = {"$set": waiting | {"wake_at": _now_plus(QUEUE_LOOK), "attempt_count": _LESS_ONE}}
        try:
            await self._runs.bulk_write(
                [UpdateOne(_held(run), [stage, {"$unset": ["claim_id", "due_at"]}])]
            )
        except BulkWriteError as error:
            _raise_unless_duplicates(error)
            return False
        return True

    async def give_back(self, runs: Sequence[Run]) -> None:
        """Let claimed `runs`, of which nothing was sent, wait for another worker."""
        before = {"$cond": [{"$gt": ["$attempt_count", 1]}, RunStatus.RETRYING, RunStatus.PENDING]}
        fields = {"status": before, "wake_at": "$due_at", "attempt_count": _LESS_ONE}
        stages: list[Document] = [{"$set": fields}, {"$unset": ["claim_id", "due_at"]}]
        if runs:
            await self._runs.bulk_write(
                [UpdateOne(_held(run), stages) for run in runs], ordered=False
            )

    async def refresh(self, runs: Sequence[Run]) -> None:
        """Store what claimed `runs` are to do by now, their jobs having been edited."""
        updates = [
            UpdateOne(
                _held(run),
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
        held = {
            "_id": {"$in": list(claims)},
            "claim_id": {"$in": list(set(claims.values()))},
            "status": _RUNNING,
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

    def _dated(self, run: Run) -> Document:
        document: Document = {**run_document(run)}
        if run.finished_at is not None:
            document |= self._end(run.finished_at)
        return document

    def _end(self, now: datetime) -> Document:
        return {"finished_at": now, "expire_at": now + self._retention}

    def _finish_one(self, run: Run, fields: Document) -> UpdateOne:
        if "wake_at" in fields:
            gone = {"claim_id": "", "due_at": ""}
            return UpdateOne(_held(run), {"$set": fields, "$unset": gone})
        return UpdateOne(_held(run), _final(fields, self._end(fields["finished_at"])))

    async def _wake_queued(self, finished: Sequence[Run]) -> None:
        job_ids = [run.job_id for run in finished if run.overlap is Overlap.QUEUE]
        if job_ids:
            await self._runs.update_many(
                {"queued": {"$in": job_ids, **_IS_TEXT}}, [{"$set": {"wake_at": "$$NOW"}}]
            )


_LESS_ONE = {"$subtract": ["$attempt_count", 1]}


def _held(run: Run) -> Document:
    return {"_id": run.id, "claim_id": run.claim_id, "status": _RUNNING}


def _claim_stage(claim_id: str, worker_id: str, lease: timedelta) -> Document:
    was_running = {"$eq": ["$status", _RUNNING]}
    return {
        "$set": {
            "status": _RUNNING,
            "claim_id": claim_id,
            "worker_id": worker_id,
            "previous_worker_id": "$worker_id",
            "due_at": "$wake_at",
            "wake_at": _now_plus(lease),
            "expired": was_running,
            "attempt_count": {
                "$cond": [was_running, "$attempt_count", {"$add": ["$attempt_count", 1]}]
            },
        }
    }


def _milliseconds(span: timedelta) -> int:
    return round(span.total_seconds() * 1000)


def _now_plus(span: timedelta) -> Document:
    return {"$add": ["$$NOW", _milliseconds(span)]}


def _final(fields: Document, end: Document) -> Document:
    gone = list(_UNFINISHED_FIELDS)
    if "error" not in fields:
        gone.append("error")  # an earlier attempt's, made good by now
    return {"$set": fields | end, "$unset": dict.fromkeys(gone, "")}


def _raise_unless_duplicates(error: BulkWriteError) -> list[int]:
    """Return which operations met a duplicate key; raise the error if anything else failed."""
    failures = error.details["writeErrors"]
    if any(failure["code"] != DUPLICATE_KEY for failure in failures):
        raise error
    return [failure["index"] for failure in failures]
