"""Upkeep of the web process: what people's requests may have left unfinished."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from cronpp_app.clock import utc_now
from cronpp_app.services.departures import Departures

log = logging.getLogger("cronpp.web")

FINISH_SECONDS = 20


@asynccontextmanager
async def upkeep(departures: Departures) -> AsyncIterator[None]:
    """Go on with interrupted departures: now, and by timetable until the block ends."""

    async def finish() -> None:
        try:
            await departures.finish_all()
        except Exception:  # the database may be away for a while
            log.warning("departures not finished", exc_info=True)

    scheduler = AsyncIOScheduler(timezone="UTC")
    timetable = {"seconds": FINISH_SECONDS, "max_instances": 1, "coalesce": True}
    scheduler.add_job(finish, "interval", next_run_time=utc_now(), **timetable)
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=False)
