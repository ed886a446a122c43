"""The connection to MongoDB and the names of its collections."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from bson.codec_options import CodecOptions, DatetimeConversion
from bson.objectid import ObjectId
from pymongo import AsyncMongoClient, WriteConcern
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import ConfigurationError, PyMongoError

from cronpp_app.errors import SetupError, StoreUnavailable
from cronpp_app.store.outages import is_outage
from cronpp_app.store.tally import Tally

Collection = AsyncCollection[Mapping[str, Any]]

# As which clients name themselves to the server.
APP_NAME = "cronpp"
# The server's code for a write that a unique index refused.
DUPLICATE_KEY = 11000
# Moments leave the database as aware UTC, never naive.
# A moment beyond year 9999, which only damage can bring, must not make a whole page unreadable.
_CODEC = CodecOptions[Mapping[str, Any]](
    tz_aware=True, tzinfo=UTC, datetime_conversion=DatetimeConversion.DATETIME_CLAMP
)


class Database:
    """One database of Cron++: its collections, each acknowledged by a majority."""

    def __init__(self, client: AsyncMongoClient[Mapping[str, Any]], name: str) -> None:
        self.client = client
        self.raw: AsyncDatabase[Mapping[str, Any]] = client.get_database(
            name, codec_options=_CODEC, write_concern=WriteConcern("majority")
        )
        self.users: Collection = self.raw["users"]
        self.sessions: Collection = self.raw["sessions"]
        self.api_tokens: Collection = self.raw["api_tokens"]
        self.jobs: Collection = self.raw["jobs"]
        self.runs: Collection = self.raw["runs"]
        self.logs: Collection = self.raw["execution_logs"]
        self.workers: Collection = self.raw["workers"]
        self.rings: Collection = self.raw["rings"]
        self.counters: Collection = self.raw["counters"]
        self.tally = Tally()

    async def server_time(self) -> datetime:
        """Return the database server's present moment."""
        answer = await self.client.admin.command("hello")
        moment: datetime = answer["localTime"]
        return moment.replace(tzinfo=UTC)


def connect(uri: str, name: str, *, kept_connections: int = 0) -> Database:
    """Return database `name` at `uri`; nothing is sent before the first use.

    Short connect and heartbeat times, because a worker that hangs on a dead primary is a
    worker that loses its leases; `timeoutMS` bounds every operation as a whole.
    `kept_connections` are kept open to each member: an operation that needs a new one waits for
    a member without a wire until that bound, while connections that stand are given up as soon
    as the heartbeat fails. Raises SetupError for a text that is no URI.
    """
    try:
        return Database(_client(uri, kept_connections), name)
    except (ConfigurationError, ValueError, OSError) as error:  # OSError: a file of TLS's
        raise wrong_uri(error) from error


def wrong_uri(error: Exception) -> SetupError:
    """Return the error that says, in the words of `error`, why a URI cannot be used."""
    return SetupError(f"CRONPP_MONGODB_URI cannot be used: {str(error).rstrip('.?')}.")


def _client(uri: str, kept_connections: int) -> AsyncMongoClient[Mapping[str, Any]]:
    return AsyncMongoClient(
        uri,
        tz_aware=True,
        tzinfo=UTC,
        w="majority",
        retryWrites=True,
        retryReads=True,
        timeoutMS=15_000,
        serverSelectionTimeoutMS=15_000,
        heartbeatFrequencyMS=1_000,
        connectTimeoutMS=2_000,
        **_kept(uri, kept_connections),
        appname=APP_NAME,
    )


def _kept(uri: str, connections: int) -> dict[str, Any]:
    """Return the option that keeps `connections`, unless the URI has a word on the pool's size."""
    named = {name.lower() for name in parse_qs(uri.partition("?")[2])}
    if not connections or named & {"minpoolsize", "maxpoolsize"}:
        return {}
    return {"minPoolSize": connections}


@asynccontextmanager
async def translated_errors() -> AsyncIterator[None]:
    """Turn a database that cannot be reached into StoreUnavailable, once, at the edge."""
    try:
        yield
    except PyMongoError as error:
        if not is_outage(error):
            raise
        raise StoreUnavailable("MongoDB does not answer; try again in a moment.") from error


# What gives the id of one of many things that a request makes: by what it is made of, or by place.
IdFor = Callable[[str], str]
IdAt = Callable[[int], str]


def any_id(_: object) -> str:
    """Return a fresh id, whatever it is for."""
    return new_id()


def new_id() -> str:
    """Return a fresh id: 24 hexadecimal digits that grow with time, so that inserts stay local."""
    return str(ObjectId())
