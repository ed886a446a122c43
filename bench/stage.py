"""What benchmarks stand on: a scratch database, a target in C, and the CPU time of processes."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import uuid4

from pymongo import MongoClient

from cronpp_app.clock import utc_now
from cronpp_app.domain.jobs import Action, Job, JobDefinition, JobStatus
from cronpp_app.domain.schedules import Schedule
from cronpp_app.store.database import Database, new_id
from cronpp_app.store.documents import job_document
from cronpp_app.store.embedded import start_embedded
from cronpp_app.store.embedded_server import free_port

_HERE = Path(__file__).parent
PAGE = 5_000


def stored_job(
    number: int,
    schedule: Schedule,
    action: Action,
    *,
    due: datetime,
    users: int = 10,
    **policies: Any,
) -> Job:
    """Return an enabled job, with default policies but for `policies`, of one of `users`."""
    now = utc_now()
    return Job(
        id=new_id(),
        user_id=f"user{number % users}",
        version=1,
        definition=JobDefinition(
            name=f"Job {number}", schedule=schedule, action=action, **policies
        ),
        status=JobStatus.PENDING,
        enabled=True,
        created_at=now,
        updated_at=now,
        next_run_time=due,
    )


async def insert_jobs(database: Database, jobs: Iterable[Job]) -> None:
    """Insert `jobs`, a page at a time."""
    left = iter(jobs)
    while page := [job_document(job) for job in islice(left, PAGE)]:
        await database.jobs.insert_many(page, ordered=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where a benchmark plays: a replica set of one, its process id, and a scratch folder."""

    uri: str
    mongod: int
    folder: Path

    @contextmanager
    def scratch_database(self) -> Iterator[str]:
        """Give the name of a database that is gone afterwards."""
        name = f"bench_{uuid4().hex[:8]}"
        try:
            yield name
        finally:
            with MongoClient(self.uri) as client:
                client.drop_database(name)


@contextmanager
def stage(*, cache_gb: float = 1.0) -> Iterator[Stage]:
    """Start MongoDB in a scratch folder; everything is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="cronpp-bench-") as folder:
        server = start_embedded(Path(folder) / "db", cache_gb=cache_gb)
        try:
            yield Stage(uri=server.uri, mongod=server.pid, folder=Path(folder))
        finally:
            server.stop()


@contextmanager
def sink(folder: Path, *, delay_ms: int = 0) -> Iterator[str]:
    """Compile and start the fastest target there is; gives its URL."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise SystemExit(
            "The target of this benchmark needs a C compiler (Debian: apt install gcc)."
        )
    program, port = folder / "sink", free_port()
    if not program.exists():
        subprocess.run([compiler, "-O2", "-w", "-o", program, _HERE / "sink.c"], check=True)
    process = subprocess.Popen([program, str(port), str(delay_ms)])
    try:
        yield f"http://127.0.0.1:{port}/hook"
    finally:
        process.kill()
        process.wait()


def cpu_seconds(pid: int) -> float:
    """Return the CPU time a process and its threads have used (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def percentile(values: list[float], share: float) -> float:
    """Return the value below which `share` (0 to 1) of the sorted `values` lie."""
    return values[min(len(values) - 1, int(len(values) * share))]
