"""Upkeep of the web process: what people's requests may have left unfinished."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from cronpp_app.clock import utc_now
from cronpp_app.store.outages import log_failure

log = logging.getLogger("cronpp.web")

FINISH_SECONDS = 20


@asynccontextmanager
async def upkeep(*unfinished: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Call each of `unfinished`, which go on with what was interrupted.

    Now, and by timetable until the block ends.
    """
    scheduler = AsyncIOScheduler(timezone="UTC")
    timetable = {"seconds": FINISH_SECONDS, "max_instances": 1, "coalesce": True}
    for finish in unfinished:
        scheduler.add_job(_once, "interval", [finish], next_run_time=utc_now(), **timetable)
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=False)


async def _once(finish: Callable[[], Awaitable[None]]) -> None:
    try:
        await finish()
    except Exception as error:  # the database may be away for a while
        log_failure(log, "what was interrupted is not finished", error)
