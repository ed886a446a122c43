"""How late runs start: one real worker process, real HTTP calls to a target on loopback.

    python bench/lateness.py --jobs 1 --seconds 60      an every-second job
    python bench/lateness.py --jobs 100 --seconds 30    spread over each second

Starts an embedded MongoDB in a scratch folder unless --mongodb-uri is given; prints lateness
(start of the first attempt minus fire time) and CPU time per run of worker and mongod.
"""

import argparse
import asyncio
import resource
import tempfile
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from pymongo import MongoClient

from cronpp_app.clock import utc_now
from cronpp_app.store.database import Database, connect
from cronpp_app.store.embedded import start_embedded
from cronpp_app.store.indexes import ensure_indexes
from cronpp_app.store.integrity import violations
from tests.cluster.harness import Target, WorkerProcess, add_jobs, wait_for_calm


async def measure(uri: str, name: str, options: argparse.Namespace, folder: Path) -> None:
    """Run the load and print what it came to."""
    database, target = connect(uri, name), Target()
    await ensure_indexes(database)
    await target.start()
    start = utc_now() + timedelta(seconds=4)
    lasting = timedelta(seconds=options.seconds - 1)
    await add_jobs(database, target.url, count=options.jobs, start_at=start, lasting=lasting)
    workers = [WorkerProcess(uri, name, folder / "worker.log") for _ in range(options.workers)]
    await wait_for_calm(database, at_most=options.seconds + 120)
    for worker in workers:
        worker.stop()
    await report(database, workers=len(workers))
    await target.stop()
    await database.client.close()


async def report(database: Database, *, workers: int) -> None:
    """Print lateness, outcome and the soundness of the ledger."""
    late = sorted(
        [run["lateness_ms"] async for run in database.runs.find({"lateness_ms": {"$gte": 0}})]
    )
    count = await database.runs.count_documents({})
    outcome = dict.fromkeys(await database.runs.distinct("status"), 0)
    for status in outcome:
        outcome[status] = await database.runs.count_documents({"status": status})
    broken = [violation async for violation in violations(database)]
    cpu = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"runs {count} {outcome}, violations {len(broken)}, workers {workers}")
    print(
        f"lateness ms: median {late[len(late) // 2]}, p95 {late[int(len(late) * 0.95)]}, "
        f"p99 {late[int(len(late) * 0.99)]}, max {late[-1]}"
    )
    print(
        f"worker CPU ms per run, start included: {1000 * (cpu.ru_utime + cpu.ru_stime) / count:.2f}"
    )


def main() -> None:
    """Parse the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--mongodb-uri", default="")
    options = parser.parse_args()
    name = f"bench_{uuid4().hex[:8]}"
    with tempfile.TemporaryDirectory(prefix="cronpp-bench-") as folder:
        server = None if options.mongodb_uri else start_embedded(Path(folder))
        uri = server.uri if server else options.mongodb_uri
        try:
            asyncio.run(measure(uri, name, options, Path(folder)))
            with MongoClient(uri) as client:
                client.drop_database(name)
        finally:
            if server:
                server.stop()


if __name__ == "__main__":
    main()
