"""How late runs start: real worker processes, real HTTP calls to a target on loopback.

    python -m bench.lateness --jobs 1 --seconds 60          an every-second job
    python -m bench.lateness --jobs 500 --seconds 30        spread over each second
    python -m bench.lateness --jobs 10000 --seconds 1 --herd --workers 2      all at once
    python -m bench.lateness --jobs 100 --action log --peer FOLDER            beside Agenda

Prints lateness (start of the first attempt minus fire time) and CPU time per run of worker
and mongod. With --herd all jobs share their fire time, and a job of somebody else is due at
the end of the queue. FOLDER: see drain.py.
"""

import argparse
import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from bench.agenda import lateness_of_agenda
from bench.stage import Stage, cpu_seconds, percentile, sink, stage
from cronpp_app.clock import utc_now
from cronpp_app.domain.jobs import HttpAction, LogAction
from cronpp_app.store.database import Database, connect
from cronpp_app.store.documents import job_document
from cronpp_app.store.indexes import ensure_indexes
from cronpp_app.store.integrity import violations
from tests.cluster.harness import WorkerProcess, is_busy, spread_jobs

WARM_UP = timedelta(seconds=4)
SOMEBODY_ELSE = "bob"


async def measure(at: Stage, name: str, url: str, options: argparse.Namespace) -> None:
    """Run the load and print what it came to."""
    database = connect(at.uri, name)
    await ensure_indexes(database)
    processes = [
        WorkerProcess(at.uri, name, at.folder / "worker.log") for _ in range(options.workers)
    ]
    await asyncio.sleep(2)
    await _add_load(database, url, options)
    before = sum(cpu_seconds(one.process.pid) for one in processes), cpu_seconds(at.mongod)
    await asyncio.sleep(WARM_UP.total_seconds() + options.seconds)
    while await is_busy(database):  # noqa: ASYNC110 - a change stream would cost what is measured
        await asyncio.sleep(0.2)
    worker = sum(cpu_seconds(one.process.pid) for one in processes) - before[0]
    mongod = cpu_seconds(at.mongod) - before[1]
    for one in processes:
        one.stop()
    await _report(database, worker=worker, mongod=mongod)
    await database.client.close()


async def _add_load(database: Database, url: str, options: argparse.Namespace) -> None:
    action = (
        HttpAction(method="POST", url=url, body="{}")
        if options.action == "http"
        else LogAction(message="hi")
    )
    jobs = spread_jobs(
        action,
        count=options.jobs,
        start_at=utc_now() + WARM_UP,
        over=timedelta(seconds=0 if options.herd else 1),
        lasting=timedelta(seconds=options.seconds - 1),
    )
    if options.herd:
        jobs[-1] = replace(jobs[-1], user_id=SOMEBODY_ELSE)
    for first in range(0, len(jobs), 5_000):
        page = [job_document(job) for job in jobs[first : first + 5_000]]
        await database.jobs.insert_many(page, ordered=False)


async def _report(database: Database, *, worker: float, mongod: float) -> None:
    found = database.runs.find({"lateness_ms": {"$gte": 0}}, {"lateness_ms": 1, "user_id": 1})
    late = [(run["lateness_ms"], run["user_id"]) async for run in found]
    values = sorted(float(one) for one, _ in late)
    broken = [violation async for violation in violations(database)]
    outcome = {
        status: await database.runs.count_documents({"status": status})
        for status in await database.runs.distinct("status")
    }
    print(f"{len(values)} runs {outcome}, violations {len(broken)}")
    shares = ", ".join(f"p{share} {percentile(values, share / 100):.0f}" for share in (50, 95, 99))
    print(f"lateness ms: {shares}, max {values[-1]:.0f}")
    if others := [one for one, user_id in late if user_id == SOMEBODY_ELSE]:
        print(f"somebody else's job: {max(others):.0f} ms late")
    per_run = 1000 / len(values)
    print(f"CPU per run: worker {worker * per_run:.2f} ms, mongod {mongod * per_run:.2f} ms")


def _peer(at: Stage, name: str, options: argparse.Namespace) -> None:
    start: datetime = utc_now() + WARM_UP
    step = timedelta(seconds=1) / options.jobs
    moments = [start + step * number for number in range(options.jobs * options.seconds)]
    values = sorted(lateness_of_agenda(at, name, moments, packages=Path(options.peer)))
    shares = ", ".join(f"p{share} {percentile(values, share / 100):.0f}" for share in (50, 95, 99))
    print(f"Agenda, no-op, {len(values)} jobs: lateness ms: {shares}, max {values[-1]:.0f}")


def main() -> None:
    """Parse the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--herd", action="store_true")
    parser.add_argument("--action", choices=("http", "log"), default="http")
    parser.add_argument("--peer", default="", help="folder with Agenda's packages")
    options = parser.parse_args()
    with stage() as at, sink(at.folder) as url, at.scratch_database() as name:
        asyncio.run(measure(at, name, url, options))
        if options.peer:
            _peer(at, f"{name}_peer", options)


if __name__ == "__main__":
    main()
