"""Mixed load with faults for a long time: does anything grow?

    python -m bench.soak --minutes 120 --rate 40

Calls, log lines, failing and slow jobs; people who read pages, edit and pause; a worker that is
killed every so often. Samples memory, descriptors, threads and asyncio tasks of the web process,
of a worker that lives throughout and of mongod, and sizes of collections and indexes. Runs are
kept for some minutes only, so that their collections, too, must become flat. The verdict counts
from the end of the warm-up: the median of the last third may be 5 % above that of the first, or
three pieces for counts, one MiB for sizes of files. mongod's memory is shown, not judged: its
cache grows to its setting.
"""

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx
from pymongo import MongoClient

from bench.plot import write_plot
from bench.samples import Samples, of_collections, of_process
from bench.soak_load import EVERY_SECONDS, People, target
from bench.stage import Stage, stage
from cronpp_app.store.database import Database, connect
from cronpp_app.store.embedded_server import free_port
from cronpp_app.store.integrity import violations

ROOT = Path(__file__).resolve().parents[1]
SAMPLE_SECONDS = 5
NOT_JUDGED = ("mongod: memory, MiB",)


@dataclass
class Soak:
    """One soak: its processes, its samples, when workers were killed."""

    at: Stage
    name: str
    options: argparse.Namespace
    samples: Samples = field(default_factory=Samples)
    kills: list[float] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def start(self, role: str, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a program of Cron++ under the name `role`."""
        environment = os.environ | {
            "CRONPP_MONGODB_URI": self.at.uri,
            "CRONPP_DATABASE": self.name,
            "CRONPP_EGRESS_ALLOW": "127.0.0.1/32",
            "CRONPP_SECRET_KEY": "a secret key for a soak",
            "CRONPP_RATE_LIMIT": "0",
            "CRONPP_DATA_DIR": str(self.at.folder / "data"),
        }
        command = [sys.executable, "-m", "bench.soak_process", program]
        command += [str(self.tasks_of(role)), str(self.options.kept), *arguments]
        with (self.at.folder / f"{role}.log").open("ab") as log:
            return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)

    def tasks_of(self, role: str) -> Path:
        """Return the file into which a process writes the number of its tasks."""
        return self.at.folder / f"{role}.tasks"

    @property
    def seconds(self) -> float:
        """Return how long it has gone on."""
        return time.monotonic() - self.began


async def _sample(soak: Soak, pids: dict[str, int], database: Database) -> None:
    while True:
        # Logs are kept a day longer than their runs; here half a minute, for runs end later than
        # their first attempts.
        soon = await database.server_time() + timedelta(days=1, seconds=-30)
        await database.logs.delete_many({"expire_at": {"$lt": soon}})
        values = await of_collections(database)
        for role, pid in pids.items():
            values |= of_process(role, pid, soak.tasks_of(role))
        soak.samples.note(soak.seconds, values)
        await asyncio.sleep(SAMPLE_SECONDS)


async def _kill(soak: Soak) -> None:
    """Keep a second worker, and kill it every so often."""
    victim = soak.start("victim", "worker.py")
    try:
        while True:
            await asyncio.sleep(soak.options.kill_every)
            victim.kill()
            victim.wait()
            soak.kills.append(soak.seconds)
            victim = soak.start("victim", "worker.py")
    finally:
        victim.kill()
        victim.wait()


async def _ready(url: str) -> None:
    async with asyncio.timeout(60), httpx.AsyncClient() as client:
        while True:
            try:
                if (await client.get(f"{url}/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.2)


async def soak_for(soak: Soak, database: Database) -> People:
    """Do it all; return the people, who know what they were refused."""
    web_url = f"http://127.0.0.1:{(port := free_port())}"
    web = soak.start("web", "main.py", "--port", str(port), "--workers", "0")
    worker = soak.start("worker", "worker.py")
    try:
        await _ready(web_url)
        people, stop = People(web_url), asyncio.Event()
        async with target() as url:
            await people.arrive(jobs=soak.options.rate * EVERY_SECONDS, url=url)
            pids = {"web": web.pid, "worker": worker.pid, "mongod": soak.at.mongod}
            soak.began = time.monotonic()
            beside = [asyncio.create_task(_sample(soak, pids, database))]
            beside += [asyncio.create_task(_kill(soak))]
            living = asyncio.create_task(people.live(stop))
            await asyncio.wait({living, *beside}, timeout=60 * soak.options.minutes)
            stop.set()
            for task in beside:
                task.cancel()
            await asyncio.gather(living, *beside, return_exceptions=True)
            await _end(worker)
            return people
    finally:
        for process in (web, worker):
            process.kill()
            process.wait()


async def _end(worker: subprocess.Popen[bytes]) -> None:
    worker.terminate()
    await asyncio.to_thread(worker.wait, 60)


def _report(soak: Soak, people: People, broken: list[str]) -> bool:
    """Print what was seen; return whether everything is flat and the ledger sound."""
    warm_up, flat = 60 * soak.options.warm_up, True
    print(f"{'':34} {'first third':>12} {'last third':>12} {'growth':>8}")
    for name in sorted(soak.samples.series):
        trend = soak.samples.trend(name, after=warm_up)
        judged = name not in NOT_JUDGED
        flat = flat and (trend.is_flat or not judged)
        word = ("" if trend.is_flat else "GROWS") if judged else "not judged"
        print(f"{name:34} {trend.first:12.1f} {trend.last:12.1f} {trend.growth:+8.1%} {word}")
    print(f"workers killed: {len(soak.kills)}; requests: {people.asked}, ", end="")
    print(f"refused: {len(people.refused)} {people.refused[:3] or ''}")
    print(f"ledger: {len(broken)} violations {broken[:3] or ''}")
    write_plot(soak.options.plot, soak.samples.series, warm_up=warm_up, marks=soak.kills)
    for log in soak.at.folder.glob("*.log"):
        shutil.copy(log, soak.options.plot.parent / f"soak-{log.name}")
    good = flat and not broken
    print(f"{'FLAT' if good else 'NOT FLAT'}; drawn in {soak.options.plot}")
    return good


async def _soak(soak: Soak) -> bool:
    database = connect(soak.at.uri, soak.name)
    people = await soak_for(soak, database)
    broken = [str(violation) async for violation in violations(database)]
    await database.client.close()
    return _report(soak, people, broken)


def main() -> int:
    """Parse the options and soak; 0: nothing grows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--rate", type=int, default=40, help="runs a second")
    parser.add_argument("--warm-up", type=float, default=0, help="minutes; 0: a quarter of all")
    parser.add_argument("--kept", type=float, default=1, help="minutes that runs are kept")
    parser.add_argument("--kill-every", type=float, default=30, help="seconds")
    parser.add_argument("--plot", type=Path, default=ROOT / "bench" / "out" / "soak.svg")
    options = parser.parse_args()
    options.warm_up = options.warm_up or options.minutes / 4
    with stage(cache_gb=0.25) as at, at.scratch_database() as name:
        with MongoClient(at.uri) as client:
            # Expired runs go at once, and MongoDB keeps replaced keys of the last half minute, not
            # of the last five: otherwise nothing is flat before the eighth minute.
            client.admin.command("setParameter", 1, ttlMonitorSleepSecs=5)
            client.admin.command("setParameter", 1, minSnapshotHistoryWindowInSeconds=30)
        good = asyncio.run(_soak(Soak(at, name, options)))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
