"""What the web process does by timetable."""

import asyncio

from cronpp_app.services.upkeep import upkeep


class Interrupted:
    """Stands for departures that were interrupted; finishing them fails the first time."""

    def __init__(self) -> None:
        self.looked = asyncio.Event()

    async def finish_all(self) -> None:
        self.looked.set()
        raise RuntimeError("the database is away")


async def test_departures_that_were_interrupted_are_looked_for_at_the_start() -> None:
    departures = Interrupted()
    async with upkeep(departures.finish_all):
        await asyncio.wait_for(departures.looked.wait(), timeout=60)
