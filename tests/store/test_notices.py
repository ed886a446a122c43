"""Bells: who waits hears what is rung, by whom ever, and nothing else wakes them."""

import asyncio

from cronpp_app.store.database import Database
from cronpp_app.store.notices import Notice, Notices


async def next_ring(notices: Notices) -> Notice:
    """Return the first ring that is heard."""
    async with asyncio.timeout(30):
        async for notice in notices.heard():
            if notice is not None:
                return notice
    raise AssertionError("the list of rings ended")


async def test_who_waits_hears_each_ring_in_its_order(database: Database) -> None:
    notices = Notices(database)
    heard: list[Notice] = []
    async with asyncio.timeout(30):
        async for notice in notices.heard():
            if notice is not None:
                heard.append(notice)
            if heard[-2:] == [Notice.DUE, Notice.CANCEL]:
                break
            if notice is None:  # quiet: it waits at the end
                await notices.ring(Notice.DUE)
                await notices.ring(Notice.CANCEL)
    assert heard[-2:] == [Notice.DUE, Notice.CANCEL]


async def test_a_list_without_rings_can_be_waited_at(database: Database) -> None:
    assert await database.rings.find_one() is None
    assert await next_ring(Notices(database)) is Notice.DUE


async def test_a_ring_of_a_newer_version_is_passed_over(database: Database) -> None:
    await database.rings.insert_one({"notice": "more than we know"})
    await Notices(database).ring(Notice.CANCEL)
    assert await next_ring(Notices(database)) is Notice.CANCEL


async def test_only_the_last_rings_are_kept(database: Database) -> None:
    await database.rings.insert_many([{"notice": "due"} for _ in range(1_500)])
    assert await database.rings.count_documents({}) == 1_000
