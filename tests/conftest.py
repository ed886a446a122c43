"""What every test may ask for: a real MongoDB, a database of its own, a free port."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient

from cronpp_app.store.embedded import start_embedded
from cronpp_app.store.embedded_server import free_port as any_free_port

SMALLEST_CACHE_GB = 0.25


@pytest.fixture(scope="session")
def mongodb_uri() -> Iterator[str]:
    """A real replica set: CRONPP_TEST_MONGODB_URI, or one of our own per pytest-xdist worker."""
    given = os.environ.get("CRONPP_TEST_MONGODB_URI")
    if given:
        yield given
        return
    # pytest keeps the folders of its last three runs; hundreds of megabytes are not worth it
    with tempfile.TemporaryDirectory(prefix="cronpp-test-", ignore_cleanup_errors=True) as folder:
        server = start_embedded(Path(folder), cache_gb=SMALLEST_CACHE_GB)
        try:
            yield server.uri
        finally:
            server.stop()


@pytest.fixture
def database_name(mongodb_uri: str) -> Iterator[str]:
    """A name no other test uses; whatever the test put there is dropped after it."""
    name = f"test_{uuid4().hex}"
    yield name
    client: MongoClient[dict[str, Any]] = MongoClient(mongodb_uri)
    with client:
        client.drop_database(name)


@pytest.fixture
def free_port() -> int:
    """A loopback port that nobody listens on."""
    return any_free_port()
