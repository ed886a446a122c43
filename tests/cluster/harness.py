"""Real worker processes on a real database, calling a target that remembers every call."""

import asyncio
import os
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from cronpp_app.clock import utc_now
from cronpp_app.domain.backoff import Backoff, RetryPolicy
from cronpp_app.domain.jobs import Action, HttpAction, Job, JobDefinition, JobStatus, Overlap
from cronpp_app.domain.schedules import IntervalSchedule
from cronpp_app.store.database import Database, new_id
from cronpp_app.store.documents import job_document

ROOT = Path(__file__).resolve().parents[2]
SOON = RetryPolicy(backoff=Backoff.FIXED, base=timedelta(seconds=1), jitter=False)


@dataclass(frozen=True)
class Call:
    """One request as the target saw it."""

    key: str
    attempt: int
    marked: bool


class Target:
    """An HTTP server on loopback; answers 200 after `delay_seconds`, and counts."""

    def __init__(self, *, delay_seconds: float = 0.0) -> None:
        self.calls: list[Call] = []
        self.delay_seconds = delay_seconds
        self._news = asyncio.Condition()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._server.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def received(self, count: int) -> None:
        """Wait until `count` calls have come in."""
        async with self._news:
            await self._news.wait_for(lambda: len(self.calls) >= count)

    def by_key(self) -> dict[str, list[Call]]:
        calls = defaultdict(list)
        for call in self.calls:
            calls[call.key].append(call)
        return calls

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                headers = dict(line.split(": ", 1) for line in head[1:] if ": " in line)
                headers = {name.lower(): value for name, value in headers.items()}
                await reader.readexactly(int(headers.get("content-length", 0)))
                await self._note(headers)
                await asyncio.sleep(self.delay_seconds)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _note(self, headers: dict[str, str]) -> None:
        call = Call(
            key=headers["idempotency-key"],
            attempt=int(headers["x-cronpp-attempt"]),
            marked="x-cronpp-possible-duplicate" in headers,
        )
        async with self._news:
            self.calls.append(call)
            self._news.notify_all()


class WorkerProcess:
    """One `python worker.py`; it drains by itself should the test die."""

    def __init__(
        self,
        uri: str,
        database: str,
        log: Path,
        *,
        before: Sequence[str] = (),
        root: Path = ROOT,
        **settings: str,
    ) -> None:
        environment = os.environ | {
            "CRONPP_MONGODB_URI": uri,
            "CRONPP_DATABASE": database,
            "CRONPP_EGRESS_ALLOW": "127.0.0.1/32",
            "CRONPP_DRAIN_SECONDS": "5",
            "CRONPP_SECRET_KEY": "a secret key for tests",
            "CRONPP_SUPERVISED": "true",
            **settings,
        }
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [*before, sys.executable, str(root / "worker.py")],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
            )

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """Ask it to drain; return its exit status."""
        self.process.terminate()
        return self.process.wait(timeout=30)


async def add_jobs(
    database: Database, url: str, *, count: int, start_at: datetime, lasting: timedelta
) -> list[Job]:
    """Store jobs that call `url` every second from `start_at` on for `lasting`.

    Their fire times are spread over the second.
    """
    action = HttpAction(method="POST", url=url, body="{}")
    over = timedelta(seconds=1)
    jobs = spread_jobs(action, count=count, start_at=start_at, over=over, lasting=lasting)
    await database.jobs.insert_many([job_document(job) for job in jobs])
    return jobs


def spread_jobs(
    action: Action,
    *,
    count: int,
    start_at: datetime,
    over: timedelta,
    lasting: timedelta,
    retry: RetryPolicy = SOON,
) -> list[Job]:
    """Return every-second jobs whose fire times are spread `over` a while.

    They may overlap, so that a run whose worker died does not keep the next ones from starting.
    """
    now = utc_now()
    starts = [start_at + milliseconds_of(over * number / count) for number in range(count)]
    return [
        Job(
            id=new_id(),
            user_id="ada",
            version=1,
            definition=JobDefinition(
                name=f"Job {number}",
                schedule=IntervalSchedule(
                    every=timedelta(seconds=1), start_at=start, end_at=start + lasting
                ),
                action=action,
                overlap=Overlap.ALLOW,
                retry=retry,
            ),
            status=JobStatus.PENDING,
            enabled=True,
            created_at=now,
            updated_at=now,
            next_run_time=start,
        )
        for number, start in enumerate(starts)
    ]


def milliseconds_of(span: timedelta) -> timedelta:
    """Return `span` cut to milliseconds, as the database keeps moments."""
    return timedelta(milliseconds=span // timedelta(milliseconds=1))


async def wait_for_calm(database: Database, *, at_most: float) -> None:
    """Return when no job is due any more and no run is unfinished."""
    await _watch_while(partial(is_busy, database), database, at_most=at_most)


async def wait_for_workers(
    database: Database, workers: Sequence[WorkerProcess], *, at_most: float
) -> None:
    """Return when all of `workers` are on the registry; on a busy machine a start takes long."""
    pids = {worker.process.pid for worker in workers}

    async def are_missing() -> bool:
        return not pids <= set(await database.workers.distinct("pid"))

    await _watch_while(are_missing, database, at_most=at_most)


async def _watch_while(
    holds: Callable[[], Awaitable[bool]], database: Database, *, at_most: float
) -> None:
    """Return when `holds` does no longer; watches changes of the database, not time."""
    async with asyncio.timeout(at_most):
        async with await database.raw.watch(max_await_time_ms=500) as changes:
            while await holds():
                await changes.try_next()


async def is_busy(database: Database) -> bool:
    """Return whether a job is due or a run is unfinished."""
    dated = {"$type": "date"}
    return (
        await database.jobs.find_one({"next_run_time": dated}) is not None
        or await database.runs.find_one({"wake_at": dated}) is not None
    )
