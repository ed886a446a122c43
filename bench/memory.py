"""How much memory a worker takes: idle, and with a thousand calls in flight.

    python -m bench.memory --runs 1000

The target answers after five seconds; resident memory (Linux) is read twice a second.
"""

import argparse
import asyncio

from bench.drain import insert_due
from bench.samples import of_process
from bench.stage import Stage, sink, stage
from cronpp_app.domain.jobs import HttpAction
from cronpp_app.store.database import connect
from cronpp_app.store.indexes import ensure_indexes
from tests.cluster.harness import WorkerProcess, is_busy

ANSWER_MS = 5_000


async def measure(at: Stage, name: str, url: str, runs: int) -> None:
    """Print the memory of a worker before, and the most while `runs` calls are in flight."""
    database = connect(at.uri, name)
    await ensure_indexes(database)
    slots = {"CRONPP_SLOTS": str(runs), "CRONPP_USER_SLOTS": str(runs)}
    worker = WorkerProcess(at.uri, name, at.folder / "worker.log", **slots)
    while await database.workers.find_one({}) is None:  # noqa: ASYNC110 - a bench may look
        await asyncio.sleep(0.1)
    await asyncio.sleep(2)
    idle = most = _memory(worker)
    most_in_flight = 0
    await insert_due(database, HttpAction(method="POST", url=url, body="{}"), runs)
    while await is_busy(database):
        most = max(most, _memory(worker))
        in_flight = await database.logs.count_documents({"status": "RUNNING"})
        most_in_flight = max(most_in_flight, in_flight)
        await asyncio.sleep(0.5)
    worker.stop()
    print(f"worker: idle {idle:.0f} MiB; at most {most_in_flight} in flight: {most:.0f} MiB")
    await database.client.close()


def _memory(worker: WorkerProcess) -> float:
    return of_process("worker", worker.process.pid, None)["worker: memory, MiB"]


def main() -> None:
    """Parse the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000)
    options = parser.parse_args()
    with stage() as at, sink(at.folder, delay_ms=ANSWER_MS) as url, at.scratch_database() as name:
        asyncio.run(measure(at, name, url, options.runs))


if __name__ == "__main__":
    main()
