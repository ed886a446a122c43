"""A cluster of workers, and what must hold whatever happens to it (I1 to I16)."""

import asyncio
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from cronpp_app.composition import build_services
from cronpp_app.domain.attempts import AttemptResult
from cronpp_app.domain.jobs import JobDefinition, LogAction, Overlap
from cronpp_app.domain.runs import FINAL, Run, RunStatus, Trigger
from cronpp_app.domain.schedules import Schedule, next_fire
from cronpp_app.engine.runtime import Duties
from cronpp_app.errors import Conflict, NotFound
from cronpp_app.settings import Settings
from cronpp_app.store.attempts import log_id
from cronpp_app.store.database import Database
from cronpp_app.store.integrity import violations
from cronpp_app.store.keys import Keys
from cronpp_app.store.run_documents import run_from
from cronpp_app.worker_composition import build_worker
from tests.engine.virtual import Death, VirtualTime, survivors_of, virtual
from tests.factories import make_user

ADA = make_user(id="ada")
LEASE, RENEWAL = 15.0, 4.0


@dataclass(eq=False)
class Flight:
    """A request under way, or not answered for ever."""

    run: Run
    worker: Duties
    answer: "asyncio.Future[AttemptResult]"


@dataclass
class Known:
    """What the model knows of a job: its actions by version, and whether it may run."""

    messages: dict[int, str] = field(default_factory=dict)
    paused_at: datetime | None = None
    pauses: list[tuple[datetime, datetime]] = field(default_factory=list)
    deleted: bool = False


class Cluster:
    """Workers on one database in virtual time; `broken` tells which invariants are."""

    def __init__(self, database: Database, keys: Keys, time: VirtualTime) -> None:
        self.time = time
        self.database = virtual(database, time)
        self.services = build_services(Settings(), database, keys)
        for service in (self.services.jobs, self.services.runs, self.services.bulk_jobs):
            service._clock = time.now
        self.workers: list[Duties] = []
        self.flights: list[Flight] = []
        self.sent: set[tuple[str, int]] = set()
        self.jobs: dict[str, Known] = {}
        self.ended: dict[str, str] = {}
        self.cancelled: set[str] = set()
        self.hurried: set[str] = set()
        self.broken: list[str] = []
        self._draws = itertools.cycle((0.1, 0.9, 0.4, 0.7, 0.2))

    async def start(self, workers: int) -> None:
        for _ in range(workers):
            self.workers.append(await self._worker())

    async def _worker(self) -> Duties:
        async def perform(run: Run, _sent_at: datetime) -> AttemptResult:
            return await self._call(run, worker)

        worker = build_worker(Settings(slots=8), self.database, perform)
        worker.executing._draw = worker.reaping._draw = lambda: next(self._draws)
        await worker.upkeep._clock.sync()
        return worker

    # What workers do.

    async def step(self, worker: int, duty: str, *, dies_at_call: int | None = None) -> None:
        """Let a worker take a step; or die at one of its calls, and another take its place."""
        duties = self.workers[worker]
        before = asyncio.all_tasks()
        valid = self._valid_results(duties) if duty == "recording" else []
        self.time.fuse = dies_at_call
        try:
            await getattr(duties, duty).step()
        except Death:
            self.time.fuse = None
            await survivors_of(before)
            await self.die(worker)
            return
        finally:
            self.time.fuse = None
        await self._breathe()
        for run, status in valid:
            await self._must_be_recorded(run, status)

    async def die(self, worker: int) -> None:
        """End a worker as a power cut would, and start another in its place."""
        dead = self.workers[worker]
        for task in list(dead.executing._tasks):
            task.cancel()
        await self._breathe()
        self.flights = [flight for flight in self.flights if flight.worker is not dead]
        self.workers[worker] = await self._worker()

    async def end(self) -> None:
        """End everything; what is under way stays unanswered."""
        for worker in range(len(self.workers)):
            for task in list(self.workers[worker].executing._tasks):
                task.cancel()
        await asyncio.sleep(0)
        await self.services.caller.aclose()

    async def answer(self, flight: int, result: AttemptResult) -> None:
        """Let the target answer one of the requests under way."""
        if self.flights:
            found = self.flights.pop(flight % len(self.flights))
            if not found.answer.done():
                found.answer.set_result(result)
            await self._breathe()

    async def pass_time(self, seconds: float, *, healthy: bool) -> None:
        """Let time pass; in health every worker renews its leases meanwhile."""
        while seconds > 0:
            span = min(seconds, RENEWAL) if healthy else seconds
            self.time.advance(span)
            seconds -= span
            if healthy:
                for worker in range(len(self.workers)):
                    await self.step(worker, "renewing")

    # What people do.

    async def add_job(self, definition: JobDefinition) -> None:
        action = LogAction(message="version 1")
        job = await self.services.jobs.create(ADA, replace(definition, action=action))
        self.jobs[job.id] = Known(messages={1: "version 1"})

    async def edit(self, job_id: str, schedule: Schedule | None) -> None:
        try:
            job = await self.services.jobs.get(ADA, job_id)
        except NotFound:
            return
        message = f"version {job.version + 1}"
        definition = replace(job.definition, action=LogAction(message=message))
        if schedule is not None:
            definition = replace(definition, schedule=schedule)
        edited = await self.services.jobs.edit(ADA, job_id, definition)
        self.jobs[job_id].messages[edited.version] = message
        if schedule not in {None, job.definition.schedule} and edited.enabled:
            expected = next_fire(edited.definition.schedule, after=self.time.now())
            if edited.next_run_time != expected:
                self.broken.append(f"I13: {edited.next_run_time} after an edit, not {expected}")

    async def pause(self, job_id: str) -> None:
        known = self.jobs[job_id]
        if not known.deleted and known.paused_at is None:
            await self.services.jobs.pause(ADA, job_id)
            known.paused_at = self.time.now()

    async def resume(self, job_id: str) -> None:
        known = self.jobs[job_id]
        if not known.deleted and known.paused_at is not None:
            try:
                await self.services.jobs.resume(ADA, job_id)
            except Conflict:
                return
            known.pauses.append((known.paused_at, self.time.now()))
            known.paused_at = None

    async def delete(self, job_id: str) -> None:
        if not self.jobs[job_id].deleted:
            await self.services.jobs.delete(ADA, job_id)
            self.jobs[job_id].deleted = True

    async def run_now(self, job_id: str) -> None:
        if not self.jobs[job_id].deleted:
            self.time.advance(0.001)  # a run made by hand right after a pause is a later one
            await self.services.jobs.run_now(ADA, job_id)

    async def cancel(self, number: int) -> None:
        run = await self._pick(number)
        if run is None:
            return
        try:
            await self.services.runs.cancel(ADA, run.id)
        except Conflict:
            return
        self.cancelled.add(run.id)

    async def retry(self, number: int) -> None:
        run = await self._pick(number)
        if run is None:
            return
        try:
            await self.services.runs.retry(ADA, run.id)
        except Conflict:
            return
        self.hurried.add(run.id)

    # What must hold.

    async def check(self) -> None:
        """Note what does not hold right now."""
        runs = [run_from(found) async for found in self.database.runs.find()]
        records = {found["_id"]: found async for found in self.database.logs.find()}
        for run in runs:
            self._final_statuses_stay(run)
            self._retries_keep_their_time(run, records)
            self._nothing_of_a_pause_is_caught_up(run)
            self._versions_are_kept(run)
        self._no_trusted_attempt_is_lost(records)

    async def check_ledger(self) -> None:
        """Note what the integrity check of live databases finds."""
        self.broken += [violation async for violation in violations(self.database)]

    async def come_to_rest(self) -> None:
        """Let all workers work until nothing is left to do; what never ends is broken."""
        for job_id in self.jobs:
            await self.pause(job_id)
        for _ in range(14):
            while self.flights:
                await self.answer(0, AttemptResult())
            await self.pass_time(16, healthy=True)
            for worker in range(len(self.workers)):
                for duty in ("recording", "claiming", "starting", "recording"):
                    await self.step(worker, duty)
            left = {"wake_at": {"$type": "date"}}
            if not self.flights and not await self.database.runs.count_documents(left):
                return
        self.broken.append("I10: some runs never end")

    def _final_statuses_stay(self, run: Run) -> None:
        was = self.ended.get(run.id)
        if was is not None and was != run.status:
            self.broken.append(f"I7: run {run.id} was {was} and is {run.status}")
        if run.status in FINAL:
            self.ended[run.id] = run.status
            if run.id in self.cancelled and run.status is not RunStatus.CANCELLED:
                self.broken.append(f"I3: run {run.id} was cancelled and is {run.status}")

    def _retries_keep_their_time(self, run: Run, records: Mapping[str, Any]) -> None:
        if run.status is not RunStatus.RETRYING or run.id in self.hurried:
            return
        record = records.get(log_id(run.id, run.attempt_count))
        planned = record["verdict"].get("retry_at") if record and "verdict" in record else None
        if planned != run.wake_at and run.due_at is None and run.attempt_count:
            self.broken.append(f"I9: run {run.id} was to be retried {planned}, not {run.wake_at}")

    def _nothing_of_a_pause_is_caught_up(self, run: Run) -> None:
        for began, ended in self.jobs[run.job_id].pauses:
            inside = began < run.fire_time <= ended and run.created_at > began
            if run.trigger is Trigger.SCHEDULE and inside:
                self.broken.append(f"I11: run {run} of a pause from {began} to {ended}")

    def _versions_are_kept(self, run: Run) -> None:
        messages = self.jobs[run.job_id].messages
        if run.action != LogAction(message=messages[run.job_version]):
            self.broken.append(f"I13: run {run.id} of version {run.job_version}: {run.action}")

    def _no_trusted_attempt_is_lost(self, records: Mapping[str, Any]) -> None:
        for flight in self.flights:
            record = records.get(log_id(flight.run.id, flight.run.attempt_count))
            if record and record["status"] == "LOST" and self._is_trusted(flight):
                self.broken.append(f"I2: run {flight.run.id} was taken from a living worker")

    async def _must_be_recorded(self, run: Run, status: str) -> None:
        record = await self.database.logs.find_one({"_id": log_id(run.id, run.attempt_count)})
        if (record is None or record["status"] != status) and run.id not in self.cancelled:
            told = record and {key: record.get(key) for key in ("status", "claim_id", "stale_note")}
            self.broken.append(f"I2: a timely result of {run} was not accepted: {status}, {told}")

    def _valid_results(self, worker: Duties) -> list[tuple[Run, str]]:
        held = worker.claiming._held._claims
        return [
            (closing.run, closing.status.value)
            for closing in worker.recording._ended
            if (claim := held.get(closing.run.id)) is not None
            and claim.run.claim_id == closing.run.claim_id
            and claim.trust.allows(self.time.monotonic())
        ]

    async def _call(self, run: Run, worker: Duties) -> AttemptResult:
        """Be the target: note what must not be called, and hang until answered."""
        self._may_be_called(run)
        await self._marks_a_repetition(run)
        self.sent.add((run.id, run.attempt_count))
        flight = Flight(run, worker, asyncio.get_running_loop().create_future())
        self.flights.append(flight)
        try:
            return await flight.answer
        finally:
            if flight in self.flights:
                self.flights.remove(flight)

    def _may_be_called(self, run: Run) -> None:
        known = self.jobs[run.job_id]
        if self.time.now() < run.fire_time:
            self.broken.append(f"I5: run {run.id} was sent early")
        if (run.id, run.attempt_count) in self.sent:
            self.broken.append(f"I6: attempt {run.attempt_count} of run {run.id} was sent twice")
        if run.id in self.cancelled:
            self.broken.append(f"I3: run {run.id} was sent after it was cancelled")
        self._is_wanted(run, known)
        for flight in filter(self._is_trusted, self.flights):
            if flight.run.id == run.id:
                self.broken.append(f"I2: run {run.id} is under way twice")
            elif flight.run.job_id == run.job_id and run.overlap is not Overlap.ALLOW:
                self.broken.append(f"I14: runs {run.id} and {flight.run.id} overlap")

    def _is_wanted(self, run: Run, known: Known) -> None:
        if known.deleted:
            self.broken.append(f"I12: run {run.id} of a deleted job was sent")
        by_hand = run.trigger is not Trigger.SCHEDULE
        if known.paused_at and not (by_hand and run.created_at > known.paused_at):
            self.broken.append(f"I11: run {run.id} of a paused job was sent")

    async def _marks_a_repetition(self, run: Run) -> None:
        mine = {"run_id": run.id, "status": "LOST"}
        lost = [found["number"] async for found in self.database.logs.find(mine)]
        repeated = any((run.id, number) in self.sent for number in lost)
        if repeated and not run.possible_duplicate:
            self.broken.append(f"I15: run {run.id} may be sent twice, and does not say so")

    def _is_trusted(self, flight: Flight) -> bool:
        claim = flight.worker.claiming._held._claims.get(flight.run.id)
        same = claim is not None and claim.run.claim_id == flight.run.claim_id
        return same and claim.trust.allows(self.time.monotonic())

    async def _pick(self, number: int) -> Run | None:
        found = self.database.runs.find().sort({"fire_time": 1, "_id": 1})
        runs = [run_from(document) async for document in found]
        return runs[number % len(runs)] if runs else None

    async def _breathe(self) -> None:
        """Let attempts that were begun or answered go on to where they wait, or end."""
        for _ in range(1_000):
            await asyncio.sleep(0)
            if not any(self._is_beginning(task) for task in self._attempts()):
                return
            await asyncio.sleep(0.001)
        raise AssertionError([task.get_stack() for task in self._attempts()])

    def _attempts(self) -> list["asyncio.Task[None]"]:
        return [task for worker in self.workers for task in worker.executing._tasks]

    def _is_beginning(self, task: "asyncio.Task[None]") -> bool:
        waiting = {id(flight.answer) for flight in self.flights if not flight.answer.done()}
        return not task.done() and id(getattr(task, "_fut_waiter", None)) not in waiting


def definition(**changes: Any) -> JobDefinition:
    """Return the definition of a job that logs; `add_job` tells it what."""
    return JobDefinition(name="A job", action=LogAction(message=""), **changes)
