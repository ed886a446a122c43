"""A backup is one moment of a working database, and comes back whole or not at all."""

import gzip
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from cronpp_app.clock import utc_now
from cronpp_app.errors import SetupError
from cronpp_app.store.backup import back_up, restore
from cronpp_app.store.database import Database, connect
from cronpp_app.store.integrity import violations
from tests.cluster.harness import ROOT, Target, WorkerProcess, add_jobs


@pytest.fixture
async def elsewhere(mongodb_uri: str) -> AsyncIterator[Database]:
    other = connect(mongodb_uri, f"test_{uuid4().hex}")
    yield other
    await other.client.drop_database(other.raw.name)
    await other.client.close()


async def test_a_backup_taken_while_a_worker_works_is_restored_with_a_sound_ledger(
    mongodb_uri: str, database_name: str, database: Database, elsewhere: Database, tmp_path: Path
) -> None:
    target = Target()
    await target.start()
    start = utc_now() + timedelta(seconds=2)
    lasting = timedelta(seconds=60)
    await add_jobs(database, target.url, count=50, start_at=start, lasting=lasting)
    worker = WorkerProcess(mongodb_uri, database_name, tmp_path / "worker.log")
    try:
        await target.received(100)
        counts = await back_up(database, tmp_path / "backup")
        await target.received(150)  # it went on all the while
    finally:
        worker.kill()
        await target.stop()

    assert await restore(elsewhere, tmp_path / "backup", replace=False) == counts
    assert counts["runs"] >= 100
    assert await elsewhere.runs.count_documents({}) == counts["runs"]
    assert [violation async for violation in violations(elsewhere)] == []
    assert "wake" in await elsewhere.runs.index_information()


async def test_documents_come_back_byte_for_byte(
    database: Database, elsewhere: Database, tmp_path: Path
) -> None:
    await database.jobs.insert_one({"_id": "odd", "z": 1, "a": 2.0, "at": utc_now(), "n": None})
    await back_up(database, tmp_path / "backup")
    await restore(elsewhere, tmp_path / "backup", replace=False)
    same = await elsewhere.jobs.find_one({"_id": "odd"})
    assert list((same or {}).items()) == list((await database.jobs.find_one() or {}).items())


async def test_a_database_that_is_not_empty_is_left_alone_unless_it_shall_be_replaced(
    database: Database, elsewhere: Database, tmp_path: Path
) -> None:
    await database.jobs.insert_one({"_id": "kept"})
    await back_up(database, tmp_path / "backup")
    await elsewhere.jobs.insert_one({"_id": "present"})

    with pytest.raises(SetupError, match=r"is not empty \(jobs\).*--replace"):
        await restore(elsewhere, tmp_path / "backup", replace=False)
    assert [job["_id"] async for job in elsewhere.jobs.find()] == ["present"]

    await restore(elsewhere, tmp_path / "backup", replace=True)
    assert [job["_id"] async for job in elsewhere.jobs.find()] == ["kept"]


async def test_a_damaged_file_changes_nothing(
    database: Database, elsewhere: Database, tmp_path: Path
) -> None:
    await database.jobs.insert_many([{"_id": str(number)} for number in range(100)])
    file = tmp_path / "backup"
    await back_up(database, file)
    whole, unpacked = file.read_bytes(), gzip.decompress(file.read_bytes())
    await elsewhere.jobs.insert_one({"_id": "present"})
    last_entry = len(unpacked) - unpacked.rindex(b"\x02collection\x00") + 4
    for broken in (
        whole[: len(whole) // 2],
        gzip.compress(unpacked[:-3]),
        gzip.compress(unpacked[:-last_entry]),
        b"something else",
    ):
        file.write_bytes(broken)
        with pytest.raises(SetupError, match=r"damaged|not a backup"):
            await restore(elsewhere, file, replace=True)
    assert await elsewhere.jobs.count_documents({}) == 1


def test_a_folder_without_a_database_is_told_and_no_backup_written(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "main.py"), "backup", str(tmp_path / "backup")]
    told = subprocess.run(
        [*command, "--data-dir", str(tmp_path / "wrong")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 2
    assert f"there is no database in the folder {tmp_path / 'wrong'}" in told.stderr
    assert list(tmp_path.iterdir()) == []


async def test_a_place_that_cannot_be_written_is_told(database: Database, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path / "none" / "backup", tmp_path / "file" / "backup"):
        with pytest.raises(SetupError, match=r"cannot write .*backup: N"):
            await back_up(database, place)


async def test_a_backup_never_overwrites_a_file_and_is_for_its_owner_only(
    database: Database, tmp_path: Path
) -> None:
    await back_up(database, tmp_path / "backup")
    assert (tmp_path / "backup").stat().st_mode & 0o777 == 0o600
    with pytest.raises(SetupError, match="already exists"):
        await back_up(database, tmp_path / "backup")
