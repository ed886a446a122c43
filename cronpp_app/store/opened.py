"""A database as programs and commands open it: fit to work on, or an error with the remedy."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from pymongo.errors import (
    ConfigurationError,
    ConnectionFailure,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
)

from cronpp_app.errors import SetupError
from cronpp_app.store.database import Database, connect, wrong_uri
from cronpp_app.store.outages import brief

# The protocol of MongoDB 5.0, the oldest with snapshots for backups.
_OLDEST_WIRE_VERSION: Final = 13
_UNAUTHORIZED, _AUTHENTICATION_FAILED = 13, 18
_TOLD = (ConnectionFailure, ExecutionTimeout, OperationFailure)


@asynccontextmanager
async def opened(uri: str, name: str, *, kept_connections: int = 0) -> AsyncIterator[Database]:
    """Give database `name` at `uri`; it is closed at the end of the block.

    So many connections are kept open to each member, besides what is needed at the moment.

    Raises SetupError with the remedy if the address is wrong, nobody answers there, what answers
    is no replica set, or the server refuses, now or for something that the block lets out.
    """
    database = connect(uri, name, kept_connections=kept_connections)
    try:
        unfit = why_unfit(await database.client.admin.command("hello"))
        if unfit:
            raise SetupError(unfit)
        yield database
    except ConfigurationError as error:
        raise wrong_uri(error) from error
    except _TOLD as error:
        raise SetupError(_explained(error, name)) from error
    finally:
        await database.client.close()


def why_unfit(hello: Mapping[str, Any]) -> str | None:
    """Return why the server that answered `hello` cannot be worked on, with the remedy, or None."""
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        return (
            "the MongoDB of CRONPP_MONGODB_URI is a standalone server; Cron++ needs a replica set, "
            "if only of one member. Start it with --replSet rs0, say rs.initiate() once in "
            "mongosh, and add ?replicaSet=rs0 to the URI."
        )
    if hello["maxWireVersion"] < _OLDEST_WIRE_VERSION:
        return (
            "the MongoDB of CRONPP_MONGODB_URI is older than 5.0, which Cron++ needs. Upgrade it."
        )
    return None


def _explained(error: PyMongoError, name: str) -> str:
    if isinstance(error, ConnectionFailure):
        return (
            f"MongoDB cannot be reached: {brief(error)}. Check that it runs and "
            "has a primary, and that CRONPP_MONGODB_URI is right (hosts, replicaSet, tls)."
        )
    code = error.code if isinstance(error, OperationFailure) else None
    if code == _AUTHENTICATION_FAILED:
        return "MongoDB refuses the user or the password in CRONPP_MONGODB_URI. Correct them."
    if code == _UNAUTHORIZED:
        return (
            "MongoDB does not let the user of CRONPP_MONGODB_URI (nobody, if it names none) do "
            f"what is needed: {_first_words(error)}. Grant it the role readWrite on the database "
            f"{name}; to restore, dbOwner."
        )
    return f"MongoDB refused a command: {_first_words(error)}."


def _first_words(error: PyMongoError) -> str:
    return brief(error).partition(" {")[0].rstrip(".")
