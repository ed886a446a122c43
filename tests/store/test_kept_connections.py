"""What a worker asks at once needs no new connection, which a dead member never grants."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from pymongo.uri_parser import parse_uri

from cronpp_app.engine.runtime import QUESTIONS_AT_ONCE
from cronpp_app.store.database import connect
from cronpp_app.store.opened import opened

# The driver opens two at a time, which are not of use yet, and has two of its own.
ON_THEIR_WAY, THE_DRIVERS = 2, 2


class Door:
    """A way to the database; when it is shut, who is inside goes on, and nobody hears a knock."""

    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self._inside = 0
        self._news = asyncio.Condition()
        self._shut = asyncio.Event()

    async def let_in(self, count: int) -> None:
        async with self._news:
            await self._news.wait_for(lambda: self._inside >= count)

    def shut(self) -> None:
        self._shut.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._shut.is_set():
            await reader.read()
            return
        there, back = await asyncio.open_connection(*self._to)
        async with self._news:
            self._inside += 1
            self._news.notify_all()
        await asyncio.gather(_pass_on(reader, back), _pass_on(there, writer))


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


@contextlib.asynccontextmanager
async def a_door(mongodb_uri: str) -> AsyncIterator[tuple[Door, str]]:
    (node,) = parse_uri(mongodb_uri)["nodelist"]
    door = Door(*node)
    server = await asyncio.start_server(door.serve, "127.0.0.1", 0)
    try:
        port = server.sockets[0].getsockname()[1]
        yield door, f"mongodb://127.0.0.1:{port}/?directConnection=true"
    finally:
        server.close()


async def test_what_is_asked_at_once_needs_no_new_connection(
    mongodb_uri: str, database_name: str
) -> None:
    kept = QUESTIONS_AT_ONCE + ON_THEIR_WAY
    async with (
        a_door(mongodb_uri) as (door, uri),
        opened(uri, database_name, kept_connections=kept) as database,
    ):
        await door.let_in(kept + THE_DRIVERS)
        door.shut()
        questions = (database.server_time() for _ in range(QUESTIONS_AT_ONCE))
        answers = await asyncio.gather(*questions)
    assert len(answers) == QUESTIONS_AT_ONCE


@pytest.mark.parametrize("own", ["maxPoolSize=5", "minPoolSize=1", "maxpoolsize=50"])
def test_an_operators_own_word_on_the_size_of_the_pool_counts(own: str) -> None:
    uri = f"mongodb://127.0.0.1/?replicaSet=rs0&{own}"
    database = connect(uri, "cronpp", kept_connections=QUESTIONS_AT_ONCE)
    name, value = own.split("=")
    pool = database.client.options.pool_options
    assert {"maxpoolsize": pool.max_pool_size, "minpoolsize": pool.min_pool_size}[
        name.lower()
    ] == int(value)
