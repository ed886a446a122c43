"""The stage of a scenario: replica set, workers, target and jobs, and the seed that decides."""

import asyncio
import contextlib
import json
import os
import random
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from cronpp_app.clock import utc_now
from cronpp_app.domain.backoff import RetryPolicy
from cronpp_app.domain.jobs import HttpAction, Job
from cronpp_app.store.database import Database, connect
from cronpp_app.store.documents import job_document
from cronpp_app.store.indexes import ensure_indexes
from tests.cluster.evidence import Evidence, gather_evidence, planned_by
from tests.cluster.harness import ROOT, SOON, WorkerProcess, spread_jobs, wait_for_calm
from tests.cluster.recorder import Recorder, recorder
from tests.cluster.replica_set import ReplicaSet

_START_SECONDS = 60.0
_HEAD_START = timedelta(seconds=2)
# Several leases, one after another, and what they held up.
CALM_SECONDS = 180.0

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much goes on in a scenario: which seed, how many jobs a second, for how long."""

    seed: int
    per_second: int
    seconds: int

    def __str__(self) -> str:
        return f"seed{self.seed}-{self.per_second}/s-{self.seconds}s"


# Light enough for a busy machine, heavy enough that every fault meets runs under way.
QUICK = Scale(seed=1, per_second=40, seconds=8)
FULL = tuple(Scale(seed=seed, per_second=200, seconds=20) for seed in range(1, 6))


@dataclass(slots=True, kw_only=True)
class Scene:
    """What a scenario has at hand."""

    members: ReplicaSet
    database: Database
    target: Recorder
    log: Path
    scale: Scale
    name: str
    workers: list[WorkerProcess] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    planned: set[tuple[str, datetime]] = field(default_factory=set)
    chooser: random.Random = field(init=False)
    uri: str = field(init=False)

    def __post_init__(self) -> None:
        self.chooser = random.Random(self.scale.seed)
        self.uri = self.members.uri

    async def start_workers(
        self, count: int, *, before: Sequence[str] = (), root: Path = ROOT, **settings: str
    ) -> list[WorkerProcess]:
        """Start workers of the sources in `root`; return when they are ready.

        The words `before` stand before their command, such as `prlimit`.
        """
        where = (self.uri, self.database.raw.name, self.log)
        started = [
            WorkerProcess(*where, before=before, root=root, **settings) for _ in range(count)
        ]
        self.workers += started
        pids = {worker.process.pid for worker in started}
        await self.until(lambda: self._are_ready(pids), at_most=_START_SECONDS)
        return started

    async def add_jobs(
        self,
        path: str = "/ok/50",
        *,
        count: int | None = None,
        seconds: int | None = None,
        retry: RetryPolicy = SOON,
        host: str | None = None,
        deadline: timedelta = timedelta(seconds=30),
    ) -> list[Job]:
        """Have every-second jobs call the target; their fire times begin in a moment.

        They know it by the name `host`, if that is given.
        """
        url = self.target.url(path, host=host)
        jobs = spread_jobs(
            HttpAction(method="POST", url=url, body="{}", timeout=deadline),
            count=self.scale.per_second if count is None else count,
            start_at=await self.database.server_time() + _HEAD_START,
            over=timedelta(seconds=1),
            lasting=timedelta(seconds=(seconds or self.scale.seconds) - 1),
            retry=retry,
        )
        await self.database.jobs.insert_many([job_document(job) for job in jobs])
        self.jobs += jobs
        self.planned.update(moment for job in jobs for moment in planned_by(job))
        return jobs

    async def some_calls(self) -> datetime:
        """Wait until a number of calls that the seed draws has come in; return the moment."""
        total = len(self.jobs) * self.scale.seconds
        await self.target.received(self.chooser.randrange(total // 8, total // 3))
        return utc_now()

    async def ten_fire_times(self) -> None:
        """Wait until each job has ten more fire times behind it, by the database's clock."""
        await asyncio.sleep(10)  # nobody works, so that nothing could tell

    def victim(self) -> WorkerProcess:
        """Return the worker that the seed chooses; it is one of the scene no more."""
        return self.workers.pop(self.chooser.randrange(len(self.workers)))

    async def stop_workers(self, *which: WorkerProcess) -> None:
        """Tell workers, all if none are named, to drain; they must end in good order."""
        for worker in which or self.workers:
            assert await asyncio.to_thread(worker.stop) == 0, self.worker_log()

    async def held_by(self, worker: WorkerProcess) -> set[str]:
        """Return the runs that stand in the ledger as performed by `worker`."""
        mine = {"status": "RUNNING", "worker_id": {"$regex": f"-{worker.process.pid}-"}}
        return {run["_id"] async for run in self.database.runs.find(mine, {"_id": 1})}

    async def until(self, holds: Callable[[], Any], *, at_most: float) -> None:
        """Wait until the ledger says that `holds()`; it is asked again when something changes."""
        async with asyncio.timeout(at_most):
            async with await self.database.raw.watch(max_await_time_ms=250) as changes:
                while not await holds():
                    await changes.try_next()

    async def calm(self, *, at_most: float = CALM_SECONDS) -> Evidence:
        """Wait until everything has come to its end; return what it left behind."""
        await wait_for_calm(self.database, at_most=at_most)
        return await gather_evidence(self.database, self.planned, self.target.calls)

    def tell(self, evidence: Evidence, **figures: float) -> None:
        """Add a line with the figures of this scenario to CRONPP_CHAOS_FIGURES, if that is set."""
        path = os.environ.get("CRONPP_CHAOS_FIGURES")
        if not path:
            return
        line = {
            "scenario": self.name,
            "seed": self.scale.seed,
            "fire_times": len(evidence.planned) or len(evidence.runs),
            "complaints": len(evidence.complaints()),
            "sent_twice": len(evidence.sent_twice),
            "lost_attempts": len(evidence.lost),
            "rejected": len(evidence.rejected),
            "gaps": sum(run.get("fire_count", 1) for run in evidence.gaps),
            **{name: round(value, 2) for name, value in figures.items()},
        }
        with Path(path).open("a") as told:
            told.write(json.dumps(line) + "\n")

    def worker_log(self) -> str:
        """Return what the workers have logged."""
        return self.log.read_text()

    async def _are_ready(self, pids: set[int]) -> bool:
        return pids <= {worker["pid"] async for worker in self.database.workers.find()}


@contextlib.asynccontextmanager
async def a_scene(
    members: ReplicaSet, folder: Path, scale: Scale, name: str, *, target_address: str
) -> AsyncIterator[Scene]:
    """Set the stage on a whole replica set; nothing of it runs or is stored afterwards."""
    await asyncio.to_thread(members.heal)
    database = connect(members.uri, f"chaos_{uuid4().hex[:12]}")
    async with recorder(target_address) as target:
        await ensure_indexes(database)
        scene = Scene(
            members=members,
            database=database,
            target=target,
            log=folder / "workers.log",
            scale=scale,
            name=name,
        )
        try:
            yield scene
        finally:
            _end(scene.workers)
            await asyncio.to_thread(members.heal)
            await database.client.drop_database(database.raw.name)
            await database.client.close()


def _end(workers: Sequence[WorkerProcess]) -> None:
    for worker in workers:
        if worker.process.poll() is None:
            worker.kill()
