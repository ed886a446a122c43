"""A database is opened fit for work, or the error names the remedy."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import InvalidOperation

from cronpp_app.errors import SetupError
from cronpp_app.store.embedded_binary import find_mongod
from cronpp_app.store.opened import opened, why_unfit
from tests.store.embedded_steps import is_open, until


@pytest.fixture
def standalone(tmp_path: Path, free_port: int) -> Iterator[str]:
    """A server that belongs to no replica set."""
    (tmp_path / "data").mkdir()
    files = ["--dbpath", str(tmp_path / "data"), "--logpath", str(tmp_path / "log")]
    command = [find_mongod().path, *files, "--port", str(free_port), "--bind_ip", "127.0.0.1"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    until(lambda: is_open("127.0.0.1", free_port))
    yield f"mongodb://127.0.0.1:{free_port}/"
    server.kill()
    server.wait()


async def told(uri: str) -> str:
    with pytest.raises(SetupError) as refused:
        async with opened(uri, "cronpp_test"):
            pass
    return str(refused.value)


async def test_a_standalone_server_is_refused_with_the_way_to_a_replica_set(
    standalone: str,
) -> None:
    said = await told(standalone)
    assert "is a standalone server" in said
    assert "rs.initiate()" in said


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("mongodb://", "at least one hostname"),
        ("mongodb://db:99999/", "Port must be an integer"),
        ("mongodb://[::1", "IPv6 address literal"),
        ("mongodb://ada:l@ve@db/", "must be escaped"),
        ("mongodb://db/?tls=true&tlsCAFile=/is/not/there", "No such file"),
        ("mongodb+srv://127.0.0.1/", "an IP address is not a valid hostname"),
    ],
)
async def test_an_address_that_cannot_be_is_told_without_repeating_it(uri: str, said: str) -> None:
    answer = await told(uri)
    assert answer.startswith("CRONPP_MONGODB_URI cannot be used: ")
    assert said in answer
    assert "l@ve" not in answer


async def test_a_wrong_password_is_told_as_such(mongodb_uri: str) -> None:
    assert "refuses the user or the password" in await told(
        mongodb_uri.replace("mongodb://", "mongodb://ada:wrong@")
    )


async def test_a_server_that_is_away_is_told_in_one_line(mongodb_uri: str, free_port: int) -> None:
    """Let out of the block, because nobody wants to wait for the patience of a start."""
    nobody = f"mongodb://127.0.0.1:{free_port}/?replicaSet=rs"
    with pytest.raises(SetupError) as refused:
        async with opened(mongodb_uri, "cronpp_test"):
            MongoClient[dict[str, Any]](nobody, serverSelectionTimeoutMS=50).admin.command("ping")
    said = str(refused.value)
    assert said.startswith(f"MongoDB cannot be reached: 127.0.0.1:{free_port}: ")
    assert "Topology" not in said
    assert "timeouts" not in said


async def commit_nothing(uri: str) -> None:
    async with (
        opened(uri, "cronpp_test") as database,
        database.client.start_session() as session,
    ):
        await session.commit_transaction()


async def test_a_mistake_of_ours_keeps_its_own_error(mongodb_uri: str) -> None:
    with pytest.raises(InvalidOperation, match="No transaction started"):
        await commit_nothing(mongodb_uri)


def test_a_server_too_old_for_us_is_refused() -> None:
    assert why_unfit({"setName": "rs", "maxWireVersion": 13}) is None
    assert why_unfit({"msg": "isdbgrid", "maxWireVersion": 21}) is None
    assert "older than 5.0" in str(why_unfit({"setName": "rs", "maxWireVersion": 9}))
