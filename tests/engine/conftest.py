"""A worker in pieces: tests take its steps one by one, on a real database."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from cronpp_app.clock import utc_now
from cronpp_app.composition import build_performing, build_services
from cronpp_app.domain.attempts import AttemptError, AttemptResult, ErrorKind
from cronpp_app.domain.backoff import RetryPolicy
from cronpp_app.domain.jobs import Job, JobDefinition, JobStatus, LogAction
from cronpp_app.domain.runs import Run
from cronpp_app.domain.schedules import IntervalSchedule, OnceSchedule
from cronpp_app.engine.heartbeat import Call
from cronpp_app.engine.perform import Performing, call_headers
from cronpp_app.engine.runtime import Duties
from cronpp_app.outbound.caller import Caller
from cronpp_app.outbound.guard import parse_allow
from cronpp_app.settings import Settings
from cronpp_app.store.database import Database, new_id
from cronpp_app.store.documents import job_document
from cronpp_app.store.integrity import violations
from cronpp_app.store.keys import Keys
from cronpp_app.store.run_documents import attempt_from, run_from
from cronpp_app.worker_composition import build_worker
from tests.engine.receivers import Receiver

OK = AttemptResult()


def failure(kind: ErrorKind = ErrorKind.STATUS, **changes: Any) -> AttemptResult:
    """Return a failed result; retryable unless told otherwise."""
    error = AttemptError(kind=kind, message="The target answered 503 Service Unavailable.")
    return replace(AttemptResult(error=error, retryable=True), **changes)


@dataclass
class Target:
    """Stands for what actions call: answers as scripted, remembers the headers it saw."""

    answers: list[AttemptResult] = field(default_factory=list)
    calls: list[Mapping[str, str]] = field(default_factory=list)
    hold: asyncio.Event | None = None
    called: asyncio.Event = field(default_factory=asyncio.Event)

    async def perform(self, run: Run, sent_at: datetime) -> AttemptResult:
        self.calls.append(call_headers(run))
        self.called.set()
        if self.hold is not None:
            await self.hold.wait()
        return self.answers.pop(0) if self.answers else OK


class Bench:
    """One database, any number of workers, a target."""

    def __init__(self, database: Database, keys: Keys) -> None:
        self.database = database
        self.target = Target()
        self.workers: list[Duties] = []
        self.services = build_services(Settings(egress_allow="127.0.0.1"), database, keys)

    async def worker(
        self, *, claims_first: bool = False, heartbeat: Call | None = None, **settings: Any
    ) -> Duties:
        """Return a new worker that has read the database's clock and does nothing by itself.

        It leaves the runs it fires to whoever claims them, so that tests can look between.
        """
        chosen = Settings(**{"slots": 50, **settings})
        duties = build_worker(
            chosen,
            self.database,
            self.target.perform,
            claims_first=claims_first,
            heartbeat=heartbeat,
        )
        await duties.upkeep._clock.sync()
        self.workers.append(duties)
        return duties

    async def add_job(self, *, due_ago: float = 0.5, **definition: Any) -> Job:
        """Store a job that was due `due_ago` seconds ago, every hour by default.

        A one-off is due when its schedule says so.
        """
        once = definition.get("schedule")
        is_once = isinstance(once, OnceSchedule)
        due = once.run_at if is_once else utc_now() - timedelta(seconds=due_ago)
        fields = {
            "name": "Nightly export",
            "schedule": IntervalSchedule(every=timedelta(hours=1), start_at=due),
            "action": LogAction(message="hello"),
            "retry": RetryPolicy(base=timedelta(seconds=60), jitter=False),
        }
        job = Job(
            id=new_id(),
            user_id="ada",
            version=1,
            definition=JobDefinition(**(fields | definition)),
            status=JobStatus.PENDING,
            enabled=True,
            created_at=due,
            updated_at=due,
            next_run_time=due,
        )
        await self.database.jobs.insert_one(job_document(job))
        return job

    async def job(self, job: Job) -> Mapping[str, Any]:
        found = await self.database.jobs.find_one({"_id": job.id})
        assert found is not None
        return found

    async def runs(self, job: Job | None = None) -> list[Any]:
        query = {"job_id": job.id} if job else {}
        return [run_from(d) async for d in self.database.runs.find(query).sort({"fire_time": 1})]

    async def run(self, job: Job) -> Any:
        (only,) = await self.runs(job)
        return only

    async def log(self, job: Job) -> list[Any]:
        found = self.database.logs.find({"job_id": job.id}).sort({"_id": 1})
        return [attempt_from(document) async for document in found]

    async def make_due(self, job: Job) -> None:
        """Let the waiting time, or the lease, of the job's runs be over."""
        await self.database.runs.update_many(
            {"job_id": job.id, "wake_at": {"$type": "date"}},
            {"$set": {"wake_at": utc_now() - timedelta(seconds=1)}},
        )

    async def settle(self, worker: Duties) -> None:
        """Let the worker finish what it has begun, and record it."""
        await worker.executing.drain(at_most_seconds=5, hurry=asyncio.Event())
        while not worker.recording.is_empty:
            await worker.recording.step()

    async def begin(self, worker: Duties) -> None:
        """Claim what is due and begin it."""
        await worker.claiming.step()
        await worker.starting.step()

    async def work_once(self, worker: Duties) -> None:
        """Fire what is due, claim it, perform it, record it."""
        await worker.firing.step()
        await self.begin(worker)
        await self.settle(worker)


@pytest.fixture
async def bench(database: Database, keys: Keys) -> AsyncIterator[Bench]:
    """A bench; whatever the test did, the ledger must be sound after it."""
    bench = Bench(database, keys)
    yield bench
    await bench.services.aclose()
    assert [violation async for violation in violations(database)] == []


def seconds_from_now(moment: datetime) -> float:
    return (moment - utc_now()).total_seconds()


@pytest.fixture
async def performing(database: Database, keys: Keys) -> AsyncIterator[Performing]:
    caller = Caller(rules=parse_allow("127.0.0.1"), user_agent="Cron++/test")
    yield build_performing(database, caller, keys)
    await caller.aclose()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    async with await asyncio.start_server(receiver.serve, "127.0.0.1", 0) as server:
        receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
        yield receiver
