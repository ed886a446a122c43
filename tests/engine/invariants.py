"""What must hold whatever happens to a cluster (I1 to I16)."""

from collections.abc import Mapping
from typing import Any

from cronpp_app.domain.jobs import LogAction, Overlap
from cronpp_app.domain.runs import FINAL, Run, RunStatus, Trigger
from cronpp_app.engine.runtime import Duties
from cronpp_app.store.attempts import log_id
from cronpp_app.store.database import Database
from cronpp_app.store.integrity import violations
from cronpp_app.store.run_documents import run_from
from tests.engine.known import Flight, Known, KnownJob
from tests.engine.virtual import VirtualTime


class Invariants:
    """Compares what is known with the database, and notes in `known.broken` what does not hold."""

    def __init__(self, database: Database, known: Known, time: VirtualTime) -> None:
        self._database = database
        self._known = known
        self._time = time

    async def check(self) -> None:
        """Note what does not hold right now."""
        runs = [run_from(found) async for found in self._database.runs.find()]
        records = {found["_id"]: found async for found in self._database.logs.find()}
        for run in runs:
            self._final_statuses_stay(run)
            self._retries_keep_their_time(run, records)
            self._nothing_of_a_pause_is_caught_up(run)
            self._versions_are_kept(run)
        self._no_trusted_attempt_is_lost(records)

    async def check_ledger(self) -> None:
        """Note what the integrity check of live databases finds."""
        self._known.broken += [violation async for violation in violations(self._database)]

    def _final_statuses_stay(self, run: Run) -> None:
        was = self._known.ended.get(run.id)
        if was is not None and was != run.status:
            self._known.broken.append(f"I7: run {run.id} was {was} and is {run.status}")
        if run.status in FINAL:
            self._known.ended[run.id] = run.status
            if run.id in self._known.cancelled and run.status is not RunStatus.CANCELLED:
                self._known.broken.append(f"I3: run {run.id} was cancelled and is {run.status}")

    def _retries_keep_their_time(self, run: Run, records: Mapping[str, Any]) -> None:
        if run.status is not RunStatus.RETRYING or run.id in self._known.hurried:
            return
        record = records.get(log_id(run.id, run.attempt_count))
        planned = record["verdict"].get("retry_at") if record and "verdict" in record else None
        if planned != run.wake_at and run.due_at is None and run.attempt_count:
            self._known.broken.append(
                f"I9: run {run.id} was to be retried {planned}, not {run.wake_at}"
            )

    def _nothing_of_a_pause_is_caught_up(self, run: Run) -> None:
        for began, ended in self._known.jobs[run.job_id].pauses:
            inside = began < run.fire_time <= ended and run.created_at > began
            if run.trigger is Trigger.SCHEDULE and inside:
                self._known.broken.append(f"I11: run {run} of a pause from {began} to {ended}")

    def _versions_are_kept(self, run: Run) -> None:
        messages = self._known.jobs[run.job_id].messages
        if run.action != LogAction(message=messages[run.job_version]):
            self._known.broken.append(
                f"I13: run {run.id} of version {run.job_version}: {run.action}"
            )

    def _no_trusted_attempt_is_lost(self, records: Mapping[str, Any]) -> None:
        for flight in self._known.flights:
            record = records.get(log_id(flight.run.id, flight.run.attempt_count))
            if record and record["status"] == "LOST" and flight.is_trusted(self._time.monotonic()):
                self._known.broken.append(f"I2: run {flight.run.id} was taken from a living worker")

    async def must_be_recorded(self, run: Run, status: str) -> None:
        record = await self._database.logs.find_one({"_id": log_id(run.id, run.attempt_count)})
        if (record is None or record["status"] != status) and run.id not in self._known.cancelled:
            told = record and {key: record.get(key) for key in ("status", "claim_id", "stale_note")}
            self._known.broken.append(
                f"I2: a timely result of {run} was not accepted: {status}, {told}"
            )

    def timely_results(self, worker: Duties) -> list[tuple[Run, str]]:
        held = worker.claiming._held._claims
        return [
            (closing.run, closing.status.value)
            for closing in worker.recording._ended
            if (claim := held.get(closing.run.id)) is not None
            and claim.run.claim_id == closing.run.claim_id
            and claim.trust.allows(self._time.monotonic())
        ]

    async def look_at_call(self, run: Run) -> None:
        """Note what must not be called, and that this was."""
        self._may_be_called(run)
        await self._marks_a_repetition(run)
        self._known.sent.add((run.id, run.attempt_count))

    def _may_be_called(self, run: Run) -> None:
        known = self._known.jobs[run.job_id]
        if self._time.now() < run.fire_time:
            self._known.broken.append(f"I5: run {run.id} was sent early")
        if (run.id, run.attempt_count) in self._known.sent:
            self._known.broken.append(
                f"I6: attempt {run.attempt_count} of run {run.id} was sent twice"
            )
        if run.id in self._known.cancelled:
            self._known.broken.append(f"I3: run {run.id} was sent after it was cancelled")
        self._is_wanted(run, known)
        for flight in self._trusted_flights():
            if flight.run.id == run.id:
                self._known.broken.append(f"I2: run {run.id} is under way twice")
            elif flight.run.job_id == run.job_id and run.overlap is not Overlap.ALLOW:
                self._known.broken.append(f"I14: runs {run.id} and {flight.run.id} overlap")

    def _is_wanted(self, run: Run, known: KnownJob) -> None:
        if known.deleted:
            self._known.broken.append(f"I12: run {run.id} of a deleted job was sent")
        by_hand = run.trigger is not Trigger.SCHEDULE
        if known.paused_at and not (by_hand and run.created_at > known.paused_at):
            self._known.broken.append(f"I11: run {run.id} of a paused job was sent")

    async def _marks_a_repetition(self, run: Run) -> None:
        mine = {"run_id": run.id, "status": "LOST"}
        lost = [found["number"] async for found in self._database.logs.find(mine)]
        repeated = any((run.id, number) in self._known.sent for number in lost)
        if repeated and not run.possible_duplicate:
            self._known.broken.append(f"I15: run {run.id} may be sent twice, and does not say so")

    def _trusted_flights(self) -> list[Flight]:
        now = self._time.monotonic()
        return [flight for flight in self._known.flights if flight.is_trusted(now)]
