"""The MongoDB that a command works on, whether or not Cron++ runs beside it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from cronpp_app.errors import SetupError
from cronpp_app.store.embedded import find_embedded, start_embedded
from cronpp_app.store.embedded_folder import DataFolder


def running_server(mongodb_uri: str, data_dir: Path) -> str:
    """Return the URI of the configured server, else of the embedded one that runs.

    Raises SetupError if neither is there.
    """
    uri = mongodb_uri or find_embedded(data_dir)
    if uri is None:
        raise SetupError(
            f"no MongoDB to work on: CRONPP_MONGODB_URI is not set, and no embedded server runs "
            f"in {data_dir.resolve()}. Start `python main.py` first, or set the URI."
        )
    return uri


def check_there_is_one(mongodb_uri: str, data_dir: Path) -> None:
    """Raise SetupError if there is neither a configured server nor an embedded one's data."""
    if not mongodb_uri and not DataFolder(data_dir).holds_data():
        raise SetupError(
            f"there is no database in the folder {data_dir.resolve()}. Name the data folder in "
            "CRONPP_DATA_DIR (or --data-dir), or a replica set in CRONPP_MONGODB_URI."
        )


@contextlib.contextmanager
def reached_server(mongodb_uri: str, data_dir: Path, mongod: str) -> Iterator[str]:
    """Give the URI of the configured server, of the embedded one that runs, or of a started one.

    A server that was started here ends with the block.
    """
    uri = mongodb_uri or find_embedded(data_dir)
    if uri:
        yield uri
        return
    embedded = start_embedded(data_dir, mongod=mongod or None)
    try:
        yield embedded.uri
    finally:
        embedded.stop()
