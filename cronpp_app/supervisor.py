"""Local worker processes: started with the web process, restarted when they die, ended with it."""

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from cronpp_app.clock import monotonic
from cronpp_app.settings import Settings

log = logging.getLogger("cronpp.supervisor")

WORKER = Path(__file__).resolve().parent.parent / "worker.py"
# A worker that dies sooner than this after its start is restarted with growing pauses.
_SHORT_LIFE_SECONDS = 10.0
_LONGEST_PAUSE_SECONDS = 30.0
# Beyond the time it was given to drain, a worker gets this long to say its last words.
_LAST_WORDS_SECONDS = 20.0
_ASKED_AGAIN_EVERY_SECONDS = 1.0


@contextlib.asynccontextmanager
async def local_workers(
    settings: Settings, uri: str, *, hurry: asyncio.Event
) -> AsyncIterator[None]:
    """Keep `settings.workers` worker processes alive on the database at `uri` inside the block.

    At its end they drain; once `hurry` is set, they break off what still runs. They stop by
    themselves when this process dies, because their standard input ends with it.
    """
    stop = asyncio.Event()
    environment = worker_environment(settings, uri)
    keepers = [
        asyncio.create_task(_keep_alive(environment, stop, hurry, settings.drain_seconds))
        for _ in range(settings.workers)
    ]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*keepers)


def worker_environment(settings: Settings, uri: str) -> dict[str, str]:
    """Return the environment of a local worker: ours, unread, with every setting spelled out."""
    values = settings.model_dump(mode="json") | {"mongodb_uri": uri, "supervised": True}
    return {
        **os.environ,
        **{f"CRONPP_{name.upper()}": str(value) for name, value in values.items()},
    }


async def _keep_alive(
    environment: Mapping[str, str],
    stop: asyncio.Event,
    hurry: asyncio.Event,
    drain_seconds: float,
) -> None:
    pause = 0.5
    while not stop.is_set():
        started = monotonic()
        worker = await asyncio.create_subprocess_exec(
            sys.executable,
            str(WORKER),
            env=dict(environment),
            stdin=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C in the terminal reaches us alone; we stop workers
        )
        log.info("worker started", extra={"pid": worker.pid})
        stopping = asyncio.create_task(stop.wait())
        ended = asyncio.create_task(worker.wait())
        await asyncio.wait({stopping, ended}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if stop.is_set():
            await _end(worker, hurry, drain_seconds)
            return
        log.error("worker died", extra={"pid": worker.pid, "status": worker.returncode})
        pause = (
            0.5
            if monotonic() - started > _SHORT_LIFE_SECONDS
            else min(pause * 2, _LONGEST_PAUSE_SECONDS)
        )
        await _wait(stop, pause)


async def _end(
    worker: asyncio.subprocess.Process, hurry: asyncio.Event, drain_seconds: float
) -> None:
    _ask_to_stop(worker)
    hurrying = asyncio.create_task(_ask_again(worker, hurry))
    try:
        async with asyncio.timeout(drain_seconds + _LAST_WORDS_SECONDS):
            await worker.wait()
    except TimeoutError:
        log.error("worker did not stop in time; its leases will end", extra={"pid": worker.pid})
        worker.kill()
        await worker.wait()
    finally:
        hurrying.cancel()


async def _ask_again(worker: asyncio.subprocess.Process, hurry: asyncio.Event) -> None:
    await hurry.wait()
    while True:  # a signal is lost on a worker that has not seen the one before yet
        _ask_to_stop(worker)
        await asyncio.sleep(_ASKED_AGAIN_EVERY_SECONDS)


def _ask_to_stop(worker: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        worker.terminate()


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
