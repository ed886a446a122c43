"""The MongoDB that a command works on, whether or not Cron++ runs beside it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from cronpp_app.store.embedded import find_embedded, start_embedded


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
