"""Upgrades: what a newer Cron++ changes in the database of an older one, once, in order.

A migration leaves the database such that the version before still finds its way, because its
processes may go on for a while, and can be repeated after it was killed half-way. Documents are
not rewritten for a new shape: those of before are read, and get the new shape when they change.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import pymongo
from pymongo.errors import DuplicateKeyError, PyMongoError

from cronpp_app import __version__
from cronpp_app.errors import SetupError
from cronpp_app.store.database import Database, new_id
from cronpp_app.store.documents import LONG_AGO
from cronpp_app.store.indexes import ensure_indexes, replace_outdated_indexes

log = logging.getLogger("cronpp.migrations")

# How long a process that dies while it migrates keeps the others waiting.
_LEASE: Final = timedelta(seconds=30)
_RENEW_SECONDS: Final = 10
_LOOK_AGAIN_SECONDS: Final = 0.2
# Indexes of large collections take their time.
_PATIENCE_SECONDS: Final = 6 * 3600
_STATE: Final = {"_id": "schema"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One change; the schema's version is the number of the last one done."""

    number: int
    name: str
    run: Callable[[Database], Awaitable[None]]


MIGRATIONS: Final = (
    # Indexes `due` and `wake` got more fields under the same names, and had other names for a day.
    Migration(number=1, name="replace outdated indexes", run=replace_outdated_indexes),
)


class _LockLost(Exception):
    """Another process took over; it does what is left."""


async def bring_up_to_date(database: Database) -> None:
    """Do the migrations that are missing, and make missing indexes; for the start of a process.

    Of processes that start together one migrates and the others wait. Raises SetupError if a
    newer Cron++ has worked on this database.
    """
    await migrate(database, MIGRATIONS)
    with pymongo.timeout(_PATIENCE_SECONDS):
        await ensure_indexes(database)


async def check_version(database: Database) -> None:
    """Raise SetupError if a newer Cron++ has worked on this database."""
    await _version(database, newest=MIGRATIONS[-1].number)


async def migrate(database: Database, migrations: Sequence[Migration]) -> None:
    """Return when all of `migrations`, numbered from 1, are done, here or by another process."""
    newest = migrations[-1].number
    holder = new_id()
    while (version := await _version(database, newest=newest)) < newest:
        if not await _take_lock(database, holder):
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
            continue
        with suppress(_LockLost):
            async with _lock_kept(database, holder):
                # Somebody may have done more since the version was read.
                version = await _version(database, newest=newest)
                for migration in migrations[version:]:
                    await _run(database, migration, holder)


async def _version(database: Database, *, newest: int) -> int:
    state = await database.raw["migrations"].find_one(_STATE)
    version: int = state["version"] if state else 0
    if state and version > newest:
        raise SetupError(
            f"a newer Cron++ ({state.get('written_by')}) has worked on the database "
            f"{database.raw.name}: its schema is {version}, and this Cron++ ({__version__}) knows "
            f"{newest} at most. Update this one, or restore a backup made before the update."
        )
    return version


async def _take_lock(database: Database, holder: str) -> bool:
    states = database.raw["migrations"]
    with suppress(DuplicateKeyError):
        await states.insert_one({**_STATE, "version": 0, "held_until": LONG_AGO})
    free = {**_STATE, "$expr": {"$lt": ["$held_until", "$$NOW"]}}
    taken = await states.update_one(free, [{"$set": {"holder": holder, **_until_lease_end()}}])
    return taken.matched_count == 1


def _until_lease_end() -> dict[str, Any]:
    return {"held_until": {"$add": ["$$NOW", round(_LEASE / timedelta(milliseconds=1))]}}


@asynccontextmanager
async def _lock_kept(database: Database, holder: str) -> AsyncIterator[None]:
    """Renew the lock inside the block, and let it go at its end."""
    held = {**_STATE, "holder": holder}
    states = database.raw["migrations"]

    async def renew() -> None:
        while True:
            await asyncio.sleep(_RENEW_SECONDS)
            try:
                await states.update_one(held, [{"$set": _until_lease_end()}])
            except PyMongoError:
                log.warning("lock of migrations not renewed; trying again")

    renewing = asyncio.create_task(renew())
    try:
        yield
    finally:
        renewing.cancel()
        with suppress(asyncio.CancelledError):
            await renewing
        await states.update_one(held, {"$set": {"held_until": LONG_AGO}})


async def _run(database: Database, migration: Migration, holder: str) -> None:
    """Run `migration` and note it; raise _LockLost if the lock was another's when it was done."""
    states, number = database.raw["migrations"], migration.number
    log.info("migration begins", extra={"number": number, "migration": migration.name})
    noted = {"_id": number, "name": migration.name}
    began = {"$set": noted, "$currentDate": {"began_at": True}, "$inc": {"begun": 1}}
    await states.update_one({"_id": number}, began, upsert=True)
    # Only here: a database that cannot be reached must be told of soon.
    with pymongo.timeout(_PATIENCE_SECONDS):
        await migration.run(database)
    await states.update_one({"_id": number}, {"$currentDate": {"done_at": True}})
    done = await states.update_one(
        {**_STATE, "holder": holder, "version": number - 1},
        {"$set": {"version": number, "written_by": __version__}},
    )
    if done.matched_count == 0:
        log.warning("migration was taken over by another process", extra={"number": number})
        raise _LockLost
    log.info("migration done", extra={"number": number, "migration": migration.name})
