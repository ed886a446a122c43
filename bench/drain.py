"""How fast due one-off jobs drain: full ledger and log, real worker processes.

    python -m bench.drain --jobs 20000 --workers 2 --action http
    python -m bench.drain --jobs 20000 --peer FOLDER      the same by Agenda, interleaved

FOLDER holds `npm i agenda@6.2.6 @agendajs/mongo-backend`, outside this repository. Both get the
same mongod, the same due jobs, inserted before the workers start, and the same target in C.
Jobs per second are counted from the first start to the last end (Agenda: to the last start).
"""

import argparse
import asyncio
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

from bench.agenda import drain_agenda
from bench.stage import Stage, cpu_seconds, insert_jobs, sink, stage, stored_job
from cronpp_app.clock import utc_now
from cronpp_app.domain.jobs import Action, HttpAction, LogAction
from cronpp_app.domain.schedules import OnceSchedule
from cronpp_app.store.database import Database, connect
from cronpp_app.store.indexes import ensure_indexes
from cronpp_app.store.integrity import violations
from tests.cluster.harness import WorkerProcess, is_busy


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """What a drain came to: jobs a second, CPU milliseconds per job, share of claims in vain."""

    per_second: float
    worker_ms: float
    mongod_ms: float
    wasted: float

    def __str__(self) -> str:
        return (
            f"{self.per_second:7.0f} jobs/s, CPU per job: "
            f"worker {self.worker_ms:.2f} ms, mongod {self.mongod_ms:.2f} ms, "
            f"claims in vain {self.wasted:.0%}"
        )


async def insert_due(database: Database, action: Action, count: int) -> None:
    """Insert one-off jobs that have just become due, of ten users."""
    now = utc_now()
    schedule = OnceSchedule(run_at=now)
    await insert_jobs(database, (stored_job(n, schedule, action, due=now) for n in range(count)))


async def drain(at: Stage, name: str, action: Action, *, jobs: int, workers: int) -> Drained:
    """Drain `jobs` due jobs and return how it went; the ledger must be clean afterwards."""
    database = connect(at.uri, name)
    await ensure_indexes(database)
    await insert_due(database, action, jobs)
    before = cpu_seconds(at.mongod)
    log = at.folder / f"{name}.log"
    processes = [WorkerProcess(at.uri, name, log) for _ in range(workers)]
    while await is_busy(database):  # noqa: ASYNC110 - a change stream would cost what is measured
        await asyncio.sleep(0.2)
    worker = sum(cpu_seconds(one.process.pid) for one in processes)
    mongod = cpu_seconds(at.mongod) - before
    for one in processes:
        one.stop()
    took = await _span(database)
    wasted = _wasted_claims(log.read_text())
    succeeded = await database.runs.count_documents({"status": "SUCCESS"})
    broken = [violation async for violation in violations(database)]
    await database.client.close()
    if succeeded != jobs or broken:
        raise SystemExit(f"{succeeded} of {jobs} succeeded; {broken[:5]}")
    return Drained(
        per_second=jobs / took.total_seconds(),
        worker_ms=1000 * worker / jobs,
        mongod_ms=1000 * mongod / jobs,
        wasted=wasted,
    )


def _wasted_claims(log: str) -> float:
    """Return the share of claims that came too late, from what the last workers said."""
    tried = sum(int(number) for number in re.findall(r"claims_tried=(\d+)", log))
    got = sum(int(number) for number in re.findall(r"claims_got=(\d+)", log))
    return 1 - got / tried if tried else 0.0


async def _span(database: Database) -> timedelta:
    moments = {"first": {"$min": "$started_at"}, "last": {"$max": "$finished_at"}}
    cursor = await database.runs.aggregate([{"$group": {"_id": None, **moments}}])
    (found,) = await cursor.to_list()
    first, last = found["first"], found["last"]
    assert isinstance(first, datetime)
    assert isinstance(last, datetime)
    return last - first


def _measure(at: Stage, options: argparse.Namespace, url: str) -> None:
    action = (
        HttpAction(method="GET", url=url) if options.action == "http" else LogAction(message="hi")
    )
    ours: list[Drained] = []
    theirs: list[float] = []
    for number in range(1, options.rounds + 1):
        with at.scratch_database() as name:
            ours.append(
                asyncio.run(drain(at, name, action, jobs=options.jobs, workers=options.workers))
            )
        print(f"round {number}: Cron++ {ours[-1]}", flush=True)
        if options.peer:
            with at.scratch_database() as name:
                theirs.append(
                    drain_agenda(
                        at,
                        name,
                        url if options.action == "http" else None,
                        jobs=options.peer_jobs,
                        workers=options.workers,
                        packages=Path(options.peer),
                    )
                )
            print(f"round {number}: Agenda {theirs[-1]:7.0f} jobs/s", flush=True)
    fast = median(one.per_second for one in ours)
    print(f"median: Cron++ {fast:.0f} jobs/s", end="")
    print(
        f", Agenda {median(theirs):.0f} jobs/s: {fast / median(theirs):.1f} times" if theirs else ""
    )


def main() -> None:
    """Parse the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--action", choices=("http", "log"), default="http")
    parser.add_argument("--peer", default="", help="folder with Agenda's packages")
    parser.add_argument("--peer-jobs", type=int, default=3_000)
    options = parser.parse_args()
    with stage() as at, sink(at.folder) as url:
        _measure(at, options, url)


if __name__ == "__main__":
    main()
