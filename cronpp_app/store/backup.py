"""A whole database as one file, as it was at one moment, and back.

The file is gzip'd BSON: a header (format, moment, database, documents per collection), then
one entry per document. Read in one snapshot session, so it is consistent while workers work.
"""

import contextlib
import gzip
import os
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import bson
import pymongo
from bson.codec_options import CodecOptions
from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import OperationFailure

from cronpp_app.errors import SetupError
from cronpp_app.store.database import Database
from cronpp_app.store.indexes import ensure_indexes
from cronpp_app.store.workers import WorkerStore

FORMAT = 1
_KIND = "Cron++ backup"
# Who works and who has rung a bell just now: true only of the moment. `notices`
# are those of older versions.
_NOT_KEPT = {"workers", "rings", "notices"}
_RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)
_AT_ONCE = 500
_PATIENCE_SECONDS = 6 * 3600
_SNAPSHOT_TOO_OLD = 239


async def back_up(database: Database, file: Path) -> dict[str, int]:
    """Write all of `database` as it is now to the new `file` (mode 0600); return its counts.

    Raises SetupError if the file is there already, or if reading took longer than the server
    keeps a moment. A file that is not complete never has the name asked for.
    """
    try:
        with _new_file(file) as packed:
            return await _dump(database, packed)
    except OperationFailure as error:
        if error.code != _SNAPSHOT_TOO_OLD:
            raise
        raise SetupError(
            "reading took longer than MongoDB keeps a moment; raise its parameter "
            "minSnapshotHistoryWindowInSeconds (300), or use mongodump."
        ) from error


async def restore(database: Database, file: Path, *, replace: bool) -> dict[str, int]:
    """Put the documents of `file` into the empty `database`; return their counts.

    The whole file is read and checked first. With `replace` what is in the database is dropped
    before. Raises SetupError, before anything is changed, if the file is damaged, the database
    is not empty, or workers are at work on it.
    """
    counts = _checked(file)
    if await WorkerStore(database).seen():
        raise SetupError("workers are at work on this database; stop all Cron++ processes first.")
    filled = [name for name in await _kept(database) if await database.raw[name].find_one()]
    if filled and not replace:
        raise SetupError(
            f"the database {database.raw.name} is not empty ({', '.join(filled)}); restore into "
            "another (--database), or say --replace to drop what is there."
        )
    with pymongo.timeout(_PATIENCE_SECONDS):
        await database.client.drop_database(database.raw.name)
        with gzip.open(file, "rb") as packed:
            entries = _entries(packed)
            next(entries)
            while portion := list(islice(entries, _AT_ONCE)):
                await _insert(database, portion)
        await ensure_indexes(database)
    return counts


@contextlib.contextmanager
def _new_file(file: Path) -> Iterator[gzip.GzipFile]:
    """Give a file to write into; it gets its name only when the block ends well."""
    part = file.with_name(f"{file.name}.part")
    try:
        if file.exists():
            raise SetupError(f"{file} already exists; name another file, or move it away.")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as raw:
            with gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=6) as packed:
                yield packed
            raw.flush()
            os.fsync(raw.fileno())
        part.rename(file)
    except OSError as error:
        raise SetupError(f"cannot write {file}: {error.strerror or error}.") from error
    finally:
        with contextlib.suppress(OSError):  # there is none
            part.unlink()


async def _kept(database: Database) -> list[str]:
    names = await database.raw.list_collection_names()
    return sorted(
        name for name in names if name not in _NOT_KEPT and not name.startswith("system.")
    )


async def _dump(database: Database, packed: gzip.GzipFile) -> dict[str, int]:
    names = await _kept(database)
    with pymongo.timeout(_PATIENCE_SECONDS):
        async with database.client.start_session(snapshot=True) as session:
            counts = {name: await _count(database, name, session) for name in names}
            header = {
                "kind": _KIND,
                "format": FORMAT,
                "created_at": datetime.now(UTC),
                "database": database.raw.name,
                "counts": counts,
            }
            packed.write(bson.encode(header))
            for name in names:
                collection = database.raw.get_collection(name, codec_options=_RAW)
                async for document in collection.find({}, session=session):
                    packed.write(bson.encode({"collection": name, "document": document}))
    return counts


async def _count(database: Database, name: str, session: AsyncClientSession) -> int:
    stages: list[Mapping[str, Any]] = [{"$count": "count"}]
    found = await (await database.raw[name].aggregate(stages, session=session)).to_list()
    return int(found[0]["count"]) if found else 0


def _entries(packed: Any) -> Iterator[RawBSONDocument]:
    """Yield the header and then every entry, without taking documents apart."""
    return bson.decode_file_iter(packed, codec_options=_RAW)


def _checked(file: Path) -> dict[str, int]:
    """Return the counts of a backup that is whole; raise SetupError for any other file."""
    try:
        with gzip.open(file, "rb") as packed:
            entries = _entries(packed)
            header = next(entries, None)
            if header is None or header.get("kind") != _KIND:
                raise SetupError(f"{file} is not a backup of Cron++.")
            if header["format"] != FORMAT:
                raise SetupError(
                    f"{file} has format {header['format']}, but this version reads {FORMAT}; "
                    "restore it with the version that wrote it."
                )
            found = Counter(str(entry["collection"]) for entry in entries)
    except FileNotFoundError as error:
        raise SetupError(f"{file} is not there.") from error
    except (OSError, EOFError, zlib.error, BSONError, KeyError) as error:
        raise SetupError(f"{file} is damaged or not a backup of Cron++: {error}") from error
    counts = {str(name): int(count) for name, count in header["counts"].items()}
    if found != Counter(counts):
        raise SetupError(f"{file} is damaged: it does not hold what its header names.")
    return counts


async def _insert(database: Database, entries: list[RawBSONDocument]) -> None:
    by_collection: dict[str, list[Any]] = {}
    for entry in entries:
        by_collection.setdefault(entry["collection"], []).append(entry["document"])
    for name, documents in by_collection.items():
        await database.raw[name].insert_many(documents, ordered=False)
