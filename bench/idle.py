"""What a million waiting jobs cost: an idle worker's CPU, and the lateness of a due one.

    python bench/idle.py --jobs 1000000

Inserts jobs due in a year, then measures one worker process for 20 s without work, and one
every-second job for 20 s beside them; the same on an empty collection for comparison.
"""

import argparse
import asyncio
import tempfile
from datetime import timedelta
from pathlib import Path

from bench.stage import cpu_seconds, insert_jobs, stored_job
from cronpp_app.clock import utc_now
from cronpp_app.domain.jobs import LogAction
from cronpp_app.domain.schedules import CronSchedule
from cronpp_app.store.database import Database, connect
from cronpp_app.store.embedded import start_embedded
from cronpp_app.store.indexes import ensure_indexes
from tests.cluster.harness import Target, WorkerProcess, add_jobs

SPAN = 20


async def fill(database: Database, count: int) -> None:
    """Insert `count` jobs that are due in a year."""
    due, schedule = utc_now() + timedelta(days=365), CronSchedule(cron="0 0 1 1 *")
    jobs = (
        stored_job(
            number,
            schedule,
            LogAction(message="hi"),
            due=due + timedelta(milliseconds=number),
            users=1000,
        )
        for number in range(count)
    )
    await insert_jobs(database, jobs)


async def measure(uri: str, mongod: int, name: str, count: int, folder: Path) -> None:
    """Measure with `count` waiting jobs, and print one row."""
    database, target = connect(uri, name), Target()
    await ensure_indexes(database)
    await target.start()
    await fill(database, count)
    await database.client.admin.command("fsync")  # the load's own writes are not idle cost
    worker = WorkerProcess(uri, name, folder / "worker.log")
    while await database.workers.find_one({}) is None:  # noqa: ASYNC110 - a bench may look
        await asyncio.sleep(0.1)
    await asyncio.sleep(5)
    before = cpu_seconds(worker.process.pid), cpu_seconds(mongod)
    await asyncio.sleep(SPAN)
    idle = cpu_seconds(worker.process.pid) - before[0], cpu_seconds(mongod) - before[1]
    await add_jobs(
        database,
        target.url,
        count=1,
        start_at=utc_now() + timedelta(seconds=2),
        lasting=timedelta(seconds=SPAN),
    )
    await target.received(SPAN + 1)
    await asyncio.sleep(1)
    late = sorted(
        [run["lateness_ms"] async for run in database.runs.find({"lateness_ms": {"$gte": 0}})]
    )
    worker.stop()
    print(
        f"{count:>9,} waiting jobs: idle worker {idle[0] / SPAN:.2%} of a core, mongod "
        f"{idle[1] / SPAN:.2%}; a due job's lateness median {late[len(late) // 2]} ms, "
        f"max {late[-1]} ms ({len(late)} runs)"
    )
    await database.client.drop_database(name)
    await target.stop()
    await database.client.close()


def main() -> None:
    """Parse the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cronpp-bench-") as folder:
        server = start_embedded(Path(folder), cache_gb=1.0)
        try:
            for count in (0, options.jobs):
                asyncio.run(measure(server.uri, server.pid, f"idle_{count}", count, Path(folder)))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
