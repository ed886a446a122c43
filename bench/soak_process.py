"""A program of Cron++ under a soak: as it is, but it keeps runs for minutes and counts its tasks.

    python -m bench.soak_process main.py|worker.py FILE MINUTES [options of the program]

FILE gets the number of asyncio tasks, anew every two seconds.
"""

import asyncio
import contextlib
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import main
import worker
from cronpp_app.settings import load_settings

EVERY_SECONDS = 2.0
MINUTES_A_DAY = 24 * 60


async def _counted(work: Coroutine[object, object, None], file: Path) -> None:
    async def count() -> None:
        while True:
            file.write_text(str(len(asyncio.all_tasks())))  # noqa: ASYNC240 - a few bytes
            await asyncio.sleep(EVERY_SECONDS)

    counting = asyncio.create_task(count())
    try:
        await work
    finally:
        counting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await counting


def run(program: str, file: Path, minutes: float, arguments: list[str]) -> int:
    """Run the program and return its exit status."""
    module: Any = {"main.py": main, "worker.py": worker}[program]
    run_in_event_loop = module.run_in_event_loop
    # A day is the least an operator can set; a soak of minutes needs to see runs go.
    kept = {"retention_days": minutes / MINUTES_A_DAY}
    module.load_settings = lambda options: load_settings(options).model_copy(update=kept)
    module.run_in_event_loop = lambda work: run_in_event_loop(_counted(work, file))
    status: int = module.main(arguments)
    return status


if __name__ == "__main__":
    name, counts, span, *rest = sys.argv[1:]
    sys.exit(run(name, Path(counts), float(span), rest))
