"""One worker process: fires, claims and performs runs until a signal.

    python worker.py --help

Start as many as you like, on any machine that reaches the same MongoDB.
"""

import signal

if __name__ == "__main__":  # Ctrl-C while the imports below take their seconds leaves no trace
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import asyncio
import contextlib
import logging
import os
import sys
import threading
from collections.abc import Sequence

from cronpp_app.composition import build_caller, build_heartbeat, build_performing, open_keys
from cronpp_app.engine.runtime import QUESTIONS_AT_ONCE, run_worker
from cronpp_app.errors import CronppError
from cronpp_app.event_loop import keep_collections_short, run_in_event_loop, stop_on_signals
from cronpp_app.logs import set_up_logs
from cronpp_app.open_files import affordable_slots
from cronpp_app.settings import Settings, load_settings, parse_options
from cronpp_app.store.migrations import bring_up_to_date
from cronpp_app.store.opened import opened
from cronpp_app.store.server import running_server
from cronpp_app.worker_composition import build_worker, pace_of

log = logging.getLogger("cronpp.worker")

CLOSING_SECONDS = 10.0

OPTIONS = (
    "mongodb_uri",
    "database",
    "data_dir",
    "slots",
    "user_slots",
    "host_slots",
    "poll_seconds",
    "drain_seconds",
    "retention_days",
    "egress_allow",
    "log_format",
    "log_level",
)


def main(arguments: Sequence[str]) -> int:
    """Run a worker; return the exit status."""
    try:
        options = parse_options("worker.py", "One Cron++ worker process.", OPTIONS, arguments)
        settings = load_settings(options)
        set_up_logs(settings.log_format, settings.log_level)
        slots = affordable_slots(settings.slots)
        settings = settings.model_copy(update={"slots": slots})
        uri = running_server(settings.mongodb_uri, settings.data_dir)
        run_in_event_loop(_work(settings, uri))
    except CronppError as error:
        print(f"worker.py: {error}", file=sys.stderr)
        return 1
    return 0


async def _work(settings: Settings, uri: str) -> None:
    stop, hurry = asyncio.Event(), asyncio.Event()
    stop_on_signals(stop, hurry)
    if settings.supervised:
        _stop_without_parent(stop)
    kept = QUESTIONS_AT_ONCE
    async with opened(uri, settings.database, kept_connections=kept) as database:
        caller, heartbeat = build_caller(settings), build_heartbeat(settings)
        try:
            await bring_up_to_date(database)
            performing = build_performing(database, caller, await open_keys(settings, database))
            duties = build_worker(settings, database, performing.perform, heartbeat=heartbeat)
            keep_collections_short()
            await run_worker(duties, pace_of(settings), stop=stop, hurry=hurry)
        finally:
            _leave_within(CLOSING_SECONDS)
            await caller.aclose()
            if heartbeat is not None:
                await heartbeat.aclose()


def _leave_within(seconds: float) -> None:
    """End the process by then: all is recorded, and a driver without servers may never close."""

    def leave() -> None:
        log.warning("closing took too long, leaving as it is", extra={"seconds": seconds})
        logging.shutdown()
        os._exit(0)

    timer = threading.Timer(seconds, leave)
    timer.daemon = True
    timer.start()


def _stop_without_parent(stop: asyncio.Event) -> None:
    """Drain when standard input ends: the process at its other end has died or let go."""
    loop = asyncio.get_running_loop()

    def wait() -> None:
        # Not through sys.stdin: its lock, held by this thread, would crash the exit of Python.
        while os.read(0, 1024):
            pass
        with contextlib.suppress(RuntimeError):  # the loop is closed already
            loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=wait, daemon=True, name="parent").start()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
