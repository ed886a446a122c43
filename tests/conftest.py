"""What every test may ask for: a real MongoDB, a database of its own, a free port."""

import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import settings
from pymongo import MongoClient
from pymongo.database import Database as MongoDatabase

from cronpp_app.sealing import KeyRing
from cronpp_app.store.database import Database, connect
from cronpp_app.store.embedded import EmbeddedMongo, start_embedded
from cronpp_app.store.embedded_folder import DataFolder, server_is_running
from cronpp_app.store.embedded_server import free_port as any_free_port
from cronpp_app.store.indexes import ensure_indexes
from cronpp_app.store.keys import Keys, KeyStore

# A busy machine may take its time over an example; how long is no matter of tests.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

SMALLEST_CACHE_GB = 0.25
# Its journal, its log of operations, what tests store; several processes test at a time.
ROOM_FOR_A_SERVER = 6 * 1024**3
# Documents; to delete more takes longer than to make the collection and its indexes anew.
WORTH_DROPPING = 5_000
CAPPED = {"capped", "size", "max"}
SECRET_KEY = "a secret key for tests"


@pytest.fixture(scope="session")
def mongodb_uri() -> Iterator[str]:
    """A real replica set: CRONPP_TEST_MONGODB_URI, or one of our own per pytest-xdist worker."""
    given = os.environ.get("CRONPP_TEST_MONGODB_URI")
    if given:
        yield given
        return
    # pytest keeps the folders of its last three runs; hundreds of megabytes are not worth it
    with tempfile.TemporaryDirectory(
        prefix="cronpp-test-", dir=_memory_disk(), ignore_cleanup_errors=True
    ) as folder:
        server = start_embedded(Path(folder), cache_gb=SMALLEST_CACHE_GB)
        try:
            yield server.uri
        finally:
            server.stop()


def _memory_disk() -> str | None:
    """Return a folder in memory, if there is room: most of a test's time is waiting for disks."""
    memory = Path("/dev/shm")
    has_room = memory.is_dir() and shutil.disk_usage(memory).free > ROOM_FOR_A_SERVER
    return str(memory) if has_room else None


@pytest.fixture(scope="session")
def mongodb(mongodb_uri: str) -> Iterator[MongoClient[dict[str, Any]]]:
    """A client of that replica set, for what fixtures do around tests."""
    with MongoClient[dict[str, Any]](mongodb_uri) as client:
        yield client


@pytest.fixture(scope="session")
def session_database_name() -> str:
    """The name of the database that tests use one after the other."""
    return f"test_{uuid4().hex}"


@pytest.fixture
def database_name(
    mongodb: MongoClient[dict[str, Any]], session_database_name: str
) -> Iterator[str]:
    """The name of a database without documents.

    It is emptied after the test rather than dropped: MongoDB keeps the files of what was
    dropped open for minutes, and a thousand databases of sixty indexes are more open files
    than a process may have.
    """
    yield session_database_name
    _empty(mongodb[session_database_name])


def _empty(database: MongoDatabase[dict[str, Any]]) -> None:
    for collection in list(database.list_collections()):
        name = collection["name"]
        is_plain = collection["options"].keys() <= CAPPED and not name.startswith("system.")
        if is_plain and database[name].estimated_document_count() < WORTH_DROPPING:
            database[name].delete_many({})
        else:
            database.drop_collection(name)


@pytest.fixture
def new_database_name(mongodb: MongoClient[dict[str, Any]]) -> Iterator[str]:
    """A name that no test used before: nothing remembers which plan suited other documents."""
    name = f"test_{uuid4().hex}"
    yield name
    mongodb.drop_database(name)


@pytest.fixture
def free_port() -> int:
    """A loopback port that nobody listens on."""
    return any_free_port()


@pytest.fixture
def mongodb_folder(tmp_path: Path) -> Iterator[Path]:
    """A data folder whose server is gone when the test is, even if it failed half-way."""
    yield tmp_path / "data"
    left = DataFolder(tmp_path / "data")
    if left.database.is_dir() and server_is_running(left):
        os.kill(int(left.server_lock.read_text()), signal.SIGKILL)
    shutil.rmtree(left.database, ignore_errors=True)  # hundreds of megabytes a test


@pytest.fixture
def start_mongodb(mongodb_folder: Path) -> Iterator[Callable[..., EmbeddedMongo]]:
    """Starts embedded servers on that folder, one after the other; the test ends them all."""
    started: list[EmbeddedMongo] = []

    def start_one(**options: Any) -> EmbeddedMongo:
        started.append(start_embedded(mongodb_folder, cache_gb=SMALLEST_CACHE_GB, **options))
        return started[-1]

    yield start_one
    for server in started:
        server.stop()


@pytest.fixture
async def database(mongodb_uri: str, database_name: str) -> AsyncIterator[Database]:
    """An empty database of its own, with every index."""
    database = connect(mongodb_uri, database_name)
    await ensure_indexes(database)
    yield database
    await database.client.close()


@pytest.fixture
def keys(database: Database) -> Keys:
    """What seals secrets in that database."""
    return Keys(KeyStore(database), KeyRing(SECRET_KEY))
