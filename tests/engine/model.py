"""A cluster of workers in virtual time, the people who use it, and what must hold."""

import asyncio
import itertools
from datetime import datetime
from typing import Any

from cronpp_app.composition import build_services
from cronpp_app.domain.attempts import AttemptResult
from cronpp_app.domain.jobs import JobDefinition, LogAction
from cronpp_app.domain.runs import Run
from cronpp_app.engine.runtime import Duties
from cronpp_app.settings import Settings
from cronpp_app.store.database import Database
from cronpp_app.store.keys import Keys
from cronpp_app.worker_composition import build_worker
from tests.engine.invariants import Invariants
from tests.engine.known import Flight, Known
from tests.engine.people import People
from tests.engine.virtual import Death, VirtualTime, survivors_of, virtual

RENEWAL = 4.0


class Cluster:
    """Workers on one database in virtual time; `known.broken` tells which invariants are."""

    def __init__(self, database: Database, keys: Keys, time: VirtualTime) -> None:
        self.time = time
        self.database = virtual(database, time)
        self.services = build_services(Settings(), database, keys)
        for service in (self.services.jobs, self.services.runs, self.services.bulk_jobs):
            service._clock = time.now
        self.workers: list[Duties] = []
        self.known = Known()
        self.people = People(self.services, self.database, self.known, time)
        self.invariants = Invariants(self.database, self.known, time)
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

    async def step(self, worker: int, duty: str, *, dies_at_call: int | None = None) -> None:
        """Let a worker take a step; or die at one of its calls, and another take its place."""
        duties = self.workers[worker]
        before = asyncio.all_tasks()
        valid = self.invariants.timely_results(duties) if duty == "recording" else []
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
            await self.invariants.must_be_recorded(run, status)

    async def die(self, worker: int) -> None:
        """End a worker as a power cut would, and start another in its place."""
        dead = self.workers[worker]
        for task in list(dead.executing._tasks):
            task.cancel()
        await self._breathe()
        alive = [flight for flight in self.known.flights if flight.worker is not dead]
        self.known.flights = alive
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
        if self.known.flights:
            found = self.known.flights.pop(flight % len(self.known.flights))
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

    async def come_to_rest(self) -> None:
        """Let all workers work until nothing is left to do; what never ends is broken."""
        for job_id in self.known.jobs:
            await self.people.pause(job_id)
        for _ in range(14):
            while self.known.flights:
                await self.answer(0, AttemptResult())
            await self.pass_time(16, healthy=True)
            for worker in range(len(self.workers)):
                for duty in ("recording", "claiming", "starting", "recording"):
                    await self.step(worker, duty)
            left = {"wake_at": {"$type": "date"}}
            if not self.known.flights and not await self.database.runs.count_documents(left):
                return
        self.known.broken.append("I10: some runs never end")

    async def _call(self, run: Run, worker: Duties) -> AttemptResult:
        """Be the target: note what must not be called, and hang until answered."""
        await self.invariants.look_at_call(run)
        flight = Flight(run, worker, asyncio.get_running_loop().create_future())
        self.known.flights.append(flight)
        try:
            return await flight.answer
        finally:
            if flight in self.known.flights:
                self.known.flights.remove(flight)

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
        waiting = {id(flight.answer) for flight in self.known.flights if not flight.answer.done()}
        return not task.done() and id(getattr(task, "_fut_waiter", None)) not in waiting


def definition(**changes: Any) -> JobDefinition:
    """Return the definition of a job that logs; `add_job` tells it what."""
    return JobDefinition(name="A job", action=LogAction(message=""), **changes)
