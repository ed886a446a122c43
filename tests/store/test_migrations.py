"""Upgrades: each migration once, in order, under a lock; killed ones go on; no way back."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pymongo import IndexModel

from cronpp_app.errors import SetupError
from cronpp_app.store.database import Database, connect
from cronpp_app.store.indexes import INDEXES, ensure_indexes
from cronpp_app.store.migrations import (
    MIGRATIONS,
    Migration,
    bring_up_to_date,
    check_version,
    migrate,
)

ROOT = Path(__file__).resolve().parents[2]
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def adding(number: int) -> Migration:
    """Return a migration that can be seen to have run, and how often."""

    async def add(database: Database) -> None:
        await database.raw["trace"].insert_one({"number": number})

    return Migration(number=number, name=f"add {number}", run=add)


async def trace(database: Database) -> list[int]:
    """Return what ran, as it was stored: ids of two processes have no order within a second."""
    stored = database.raw["trace"].find().sort({"$natural": 1})
    return [document["number"] async for document in stored]


@pytest.fixture
async def processes(
    database: Database, mongodb_uri: str, database_name: str
) -> AsyncIterator[list[Database]]:
    """What five processes have that start together: a connection each."""
    async with AsyncExitStack() as stack:
        connections = [connect(mongodb_uri, database_name) for _ in range(5)]
        for connection in connections:
            stack.push_async_callback(connection.client.close)
        yield connections


async def test_processes_that_start_together_do_each_migration_once(
    database: Database, processes: list[Database]
) -> None:
    todo = [adding(1), adding(2), adding(3)]
    await asyncio.gather(*(migrate(process, todo) for process in processes))
    assert await trace(database) == [1, 2, 3]


async def test_nobody_goes_on_before_the_migration_is_done(
    database: Database, processes: list[Database]
) -> None:
    began, may_end = asyncio.Event(), asyncio.Event()

    async def slow(_: Database) -> None:
        began.set()
        await may_end.wait()

    todo = [Migration(number=1, name="slow", run=slow)]
    first = asyncio.create_task(migrate(processes[0], todo))
    await began.wait()
    second = asyncio.create_task(migrate(processes[1], todo))
    done, _ = await asyncio.wait({first, second}, timeout=0.5)
    assert done == set()
    may_end.set()
    await asyncio.gather(first, second)


async def test_only_what_is_missing_is_done(database: Database) -> None:
    await migrate(database, [adding(1)])
    await migrate(database, [adding(1), adding(2)])
    await migrate(database, [adding(1), adding(2)])
    assert await trace(database) == [1, 2]


KILLED_HALF_WAY = """
import asyncio, os, signal, sys
from cronpp_app.store.database import connect
from cronpp_app.store.migrations import Migration, migrate

async def first(database):
    await database.raw["trace"].insert_one({"number": 1})

async def second(database):
    await database.raw["trace"].insert_one({"number": -2})
    os.kill(os.getpid(), signal.SIGKILL)

todo = [Migration(number=1, name="a", run=first), Migration(number=2, name="b", run=second)]

async def main():
    await migrate(connect(sys.argv[1], sys.argv[2]), todo)

asyncio.run(main())
"""


async def test_a_process_killed_half_way_is_taken_over_when_its_lock_ends(
    database: Database, mongodb_uri: str, database_name: str
) -> None:
    command = [sys.executable, "-c", KILLED_HALF_WAY, mongodb_uri, database_name]
    killed = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, check=False, timeout=60)
    assert killed.returncode == -9
    goes_on = asyncio.create_task(migrate(database, [adding(1), adding(2), adding(3)]))
    done, _ = await asyncio.wait({goes_on}, timeout=0.5)
    assert done == set()  # the lock of the dead still counts
    await database.raw["migrations"].update_one(
        {"_id": "schema"}, {"$set": {"held_until": LONG_AGO}}
    )
    await goes_on
    assert await trace(database) == [1, -2, 2, 3]
    noted = await database.raw["migrations"].find_one({"_id": 2})
    assert noted is not None
    assert noted["begun"] == 2
    assert noted["done_at"] >= noted["began_at"]


async def test_a_migration_that_fails_leaves_the_lock_to_the_next(database: Database) -> None:
    async def fail(_: Database) -> None:
        raise RuntimeError("no space left")

    with pytest.raises(RuntimeError):
        await migrate(database, [Migration(number=1, name="fails", run=fail)])
    await migrate(database, [adding(1)])
    assert await trace(database) == [1]


async def test_who_lost_the_lock_while_migrating_does_not_go_on(database: Database) -> None:
    async def taken_over(database: Database) -> None:
        await database.raw["migrations"].update_one(
            {"_id": "schema"},
            {"$set": {"holder": "another", "version": 2, "held_until": LONG_AGO}},
        )

    todo = [Migration(number=1, name="slow", run=taken_over), adding(2)]
    await migrate(database, todo)
    assert await trace(database) == []


async def test_a_database_of_a_newer_version_is_refused(database: Database) -> None:
    await bring_up_to_date(database)
    await check_version(database)
    newer = {"version": len(MIGRATIONS) + 1, "written_by": "9.1.0"}
    await database.raw["migrations"].update_one({"_id": "schema"}, {"$set": newer})
    for refusing in (bring_up_to_date, check_version):
        with pytest.raises(SetupError, match=r"newer Cron\+\+ \(9\.1\.0\).*Update this one"):
            await refusing(database)


async def test_a_worker_says_so_and_ends(
    database: Database, mongodb_uri: str, database_name: str
) -> None:
    newer = {"_id": "schema", "version": 1_000, "written_by": "9.1.0", "held_until": LONG_AGO}
    await database.raw["migrations"].insert_one(newer)
    command = [sys.executable, "worker.py", "--mongodb-uri", mongodb_uri]
    command += ["--database", database_name]
    ended = await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.returncode == 1
    assert "worker.py: a newer Cron++ (9.1.0) has worked on the database" in ended.stderr
    assert "Traceback" not in ended.stderr


def keys_of(models: list[IndexModel]) -> dict[str, list[tuple[str, int]]]:
    return {model.document["name"]: [*model.document["key"].items()] for model in models}


async def test_indexes_of_earlier_versions_are_replaced(
    database: Database, mongodb_uri: str
) -> None:
    # Made by commits 05c7c46 (12 fields ago) and 890f415 (one day with other names).
    dated = {"$type": "date"}
    await database.jobs.drop_indexes()
    await database.runs.drop_indexes()
    due, wake = {"next_run_time": dated}, {"wake_at": dated}
    await database.jobs.create_index(
        [("next_run_time", 1)], name="due", partialFilterExpression=due
    )
    await database.runs.create_index(
        [("wake_at", 1), ("_id", 1)], name="wake", partialFilterExpression=wake
    )
    await database.runs.create_index([("wake_at", 1), ("user_id", 1)], name="wake_of_users")
    await database.sessions.drop_index("expired")
    await database.sessions.create_index("expires_at", name="expired", expireAfterSeconds=60)
    await database.jobs.create_index("description", name="of the operator")
    await bring_up_to_date(database)
    jobs = await database.jobs.index_information()
    runs = await database.runs.index_information()
    assert {"_id_", "of the operator", *keys_of(INDEXES["jobs"])} == jobs.keys()
    assert {"_id_", *keys_of(INDEXES["runs"])} == runs.keys()
    assert jobs["due"]["key"] == keys_of(INDEXES["jobs"])["due"]
    assert runs["wake"]["key"] == keys_of(INDEXES["runs"])["wake"]
    assert (await database.sessions.index_information())["expired"]["expireAfterSeconds"] == 0


async def test_indexes_that_are_as_meant_are_left_alone(database: Database) -> None:
    await ensure_indexes(database)
    await database.raw.command("profile", 2)
    await bring_up_to_date(database)
    await database.raw.command("profile", 0)
    dropped = {"command.dropIndexes": {"$exists": True}}
    assert await database.raw["system.profile"].count_documents(dropped) == 0
