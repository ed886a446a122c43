"""The nearest peer on the same machine and mongod: Agenda (npm), tuned to its best."""

import json
import subprocess
import time
from datetime import datetime
from pathlib import Path

from pymongo import MongoClient

from bench.stage import Stage
from cronpp_app.clock import utc_now

_PATIENCE_SECONDS = 600
_WORKER = Path(__file__).with_name("agenda_worker.mjs")
_TUNED = {
    "processEvery": 100,
    "lockLimit": 1000,
    "defaultLockLimit": 1000,
    "maxConcurrency": 1000,
    "defaultConcurrency": 1000,
}
_EMPTY = (  # noqa: SIM905 - names are read better without quotes
    "lockedAt lastFinishedAt failedAt failCount failReason repeatTimezone lastRunAt repeatInterval "
    "repeatAt disabled progress fork startDate endDate skipDays lastModifiedBy"
).split()


def drain_agenda(
    at: Stage, name: str, url: str | None, *, jobs: int, workers: int, packages: Path
) -> float:
    """Drain `jobs` due jobs by Agenda and return how many started per second."""
    insert_due(at.uri, name, [utc_now()] * jobs)
    outs = [at.folder / f"{name}-{number}.log" for number in range(workers)]
    processes = [start_worker(at.uri, name, url, out=out, packages=packages) for out in outs]
    try:
        starts = _wait_for_starts(outs, jobs)
    finally:
        stop_workers(processes)
    return jobs / (max(starts) - min(starts)) * 1000


def insert_due(uri: str, name: str, moments: list[datetime]) -> None:
    """Insert one job per moment, as Agenda itself would have stored it."""
    documents = [
        {
            "name": "j",
            "priority": 0,
            "nextRunAt": moment,
            "type": "normal",
            "data": {"due": round(moment.timestamp() * 1000)},
            "shouldSaveResult": False,
            **dict.fromkeys(_EMPTY),
        }
        for moment in moments
    ]
    with MongoClient(uri) as client:
        client[name]["agendaJobs"].insert_many(documents)


def start_worker(
    uri: str, name: str, url: str | None, *, out: Path, packages: Path
) -> subprocess.Popen[str]:
    """Start an Agenda process and return it once it works."""
    address = uri.replace("/?", f"/{name}?") if "/?" in uri else f"{uri.rstrip('/')}/{name}"
    options = {
        "uri": address,
        "names": ["j"],
        "out": str(out),
        "action": "http" if url else "noop",
        "sink": url or "",
        "agenda": _TUNED,
    }
    process = subprocess.Popen(
        ["node", str(_WORKER), json.dumps(options)],
        env={"PEERS": str(packages.resolve()), "PATH": "/usr/bin:/bin:/usr/local/bin"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()  # READY
    return process


def stop_workers(processes: list[subprocess.Popen[str]]) -> None:
    """End Agenda processes."""
    for process in processes:
        process.kill()
        process.wait()


def starts_in(outs: list[Path]) -> list[tuple[int, int]]:
    """Return start and due time (ms) of everything that has started."""
    lines = [line.split() for out in outs if out.exists() for line in out.read_text().splitlines()]
    return [(int(start), int(due)) for _, start, due in lines]


def _wait_for_starts(outs: list[Path], jobs: int) -> list[int]:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while len(starts := starts_in(outs)) < jobs:
        if time.monotonic() > deadline:
            told = f"{len(starts)} of {jobs} jobs in {_PATIENCE_SECONDS} s"
            raise SystemExit(f"Agenda started {told}.")
        time.sleep(0.2)
    return [start for start, _ in starts]


def lateness_of_agenda(
    at: Stage, name: str, moments: list[datetime], *, packages: Path
) -> list[float]:
    """Return how late (ms) one Agenda process starts no-op jobs that are due at `moments`."""
    insert_due(at.uri, name, moments)
    out = at.folder / f"{name}.log"
    process = start_worker(at.uri, name, None, out=out, packages=packages)
    try:
        _wait_for_starts([out], len(moments))
    finally:
        stop_workers([process])
    return [max(0.0, start - due) for start, due in starts_in([out])]
