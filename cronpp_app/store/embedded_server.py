"""One life of the embedded `mongod`: started, made a primary, stopped."""

import json
import logging
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from cronpp_app.clock import monotonic
from cronpp_app.errors import SetupError
from cronpp_app.store.embedded_binary import Mongod
from cronpp_app.store.embedded_folder import SET_NAME, DataFolder

log = logging.getLogger("cronpp.mongodb")

READY_SECONDS = 120  # recovery after a crash replays the journal
STOP_SECONDS = 30
_PAUSE_SECONDS = 0.02
_LOWEST_PORT, _PORTS = 20_000, 10_000
_PORT_TAKEN = "Address already in use"
_PORT_TAKEN_STATUS = 48  # MongoDB's exit code EXIT_NET_ERROR
_OPLOG_MB = 1024
_NOT_YET_INITIALIZED = 94
_LOG_BEGINS = "***** SERVER RESTARTED *****"
_LOG_ERROR = re.compile('"s":"[EF]"')  # severity: error or fatal

# Ends with its parent: standard input is a pipe whose other end the parent holds. A line means
# that the server has ended already; the pipe's end means that the parent died without a word.
_GUARD = 'read -r _ || kill -TERM "$1"'


class PortTaken(Exception):
    """Somebody else listens on the port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running mongod and the guard that ends it should this process die."""

    process: subprocess.Popen[bytes]
    guard: subprocess.Popen[bytes] | None
    port: int

    @property
    def uri(self) -> str:
        """Return the address for clients.

        It names the set instead of asking for a direct connection: then a client waits for
        the primary to come back after a restart, where it would otherwise fail at once.
        """
        return f"mongodb://127.0.0.1:{self.port}/?replicaSet={SET_NAME}"


def free_port() -> int:
    """Return a loopback port that nobody listens on at this moment.

    It lies below the ports that systems lend to outgoing connections: one of those could take
    it while the server restarts, and every client would look for the server in vain.
    """
    drawn = (_LOWEST_PORT + secrets.randbelow(_PORTS) for _ in range(100))
    return next((port for port in drawn if port_is_free(port)), 0) or _lent_port()


def _lent_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def port_is_free(port: int) -> bool:
    """Return whether `port` can be listened on at 127.0.0.1."""
    with socket.socket() as probe:
        if sys.platform != "win32":  # as mongod does: connections that linger do not matter
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def start_server(mongod: Mongod, folder: DataFolder, *, port: int, cache_gb: float) -> Server:
    """Return a mongod started on `folder`; it does not answer yet (see `make_primary`)."""
    process = subprocess.Popen(  # noqa: S603 - a checked binary, no shell
        [mongod.path, *_options(folder, port=port, cache_gb=cache_gb)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # Ctrl-C reaches the whole group of a terminal; the database must outlive the workers.
        start_new_session=True,
    )
    return Server(process=process, guard=_guard(process.pid), port=port)


def make_primary(server: Server, folder: DataFolder) -> str:
    """Wait until `server` accepts majority writes; return the name of this life of it.

    Initiates the set on the first start and mends its configuration after the port changed.
    Raises PortTaken, or SetupError if the server ends or is not ready in READY_SECONDS.
    """
    deadline = monotonic() + READY_SECONDS
    with _client(server.port) as client:
        while monotonic() < deadline:
            _check_still_running(server, folder)
            try:
                hello = client.admin.command("hello")
                if hello["isWritablePrimary"]:
                    _write_to_majority(client)
                    return process_of(hello)
                _form_set(client, server.port)
            except PyMongoError:
                pass  # not up yet
            time.sleep(_PAUSE_SECONDS)
    raise SetupError(
        f"The embedded MongoDB was not ready after {READY_SECONDS} s. Its log says why: "
        f"{folder.log}"
    )


def process_of(hello: Mapping[str, Any]) -> str:
    """Return the name of the server's present life from its answer to `hello`, or ''."""
    return str(hello.get("topologyVersion", {}).get("processId", ""))


def stop_server(server: Server) -> None:
    """Stop `server` cleanly; kill it only if it has not ended after STOP_SECONDS."""
    server.process.terminate()
    try:
        server.process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        log.warning("MongoDB did not stop in time and is killed", extra={"pid": server.process.pid})
        server.process.kill()
        server.process.wait()
    release_guard(server)


def release_guard(server: Server) -> None:
    """Send the guard home: the server it watched has ended."""
    if server.guard is None or server.guard.poll() is not None:
        return
    with suppress(BrokenPipeError, subprocess.TimeoutExpired):  # gone already, or frozen
        server.guard.communicate(b"ended\n", timeout=STOP_SECONDS)


def reopen_log(server: Server) -> None:
    """Tell `server` to begin its log file anew: the former one was set aside."""
    if sys.platform != "win32":  # there no file that is open can be set aside anyhow
        server.process.send_signal(signal.SIGUSR1)


def _guard(pid: int) -> subprocess.Popen[bytes] | None:
    if sys.platform == "win32":
        return None  # there the next start stops what a crash left running
    return subprocess.Popen(  # noqa: S603 - a constant script
        ["/bin/sh", "-c", _GUARD, "guard", str(pid)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _options(folder: DataFolder, *, port: int, cache_gb: float) -> list[str | os.PathLike[str]]:
    options: list[str | os.PathLike[str]] = [
        *("--dbpath", folder.database),
        *("--logpath", folder.log, "--logappend", "--logRotate", "reopen"),
        *("--bind_ip", "127.0.0.1", "--port", str(port)),
        *("--replSet", SET_NAME, "--oplogSize", str(_OPLOG_MB)),
        *("--wiredTigerCacheSizeGB", str(cache_gb)),
        # Up to 200 MB of measurements for MongoDB's support, and a disk woken every second.
        *("--setParameter", "diagnosticDataCollectionEnabled=false"),
        "--quiet",
    ]
    return options if sys.platform == "win32" else [*options, "--nounixsocket"]


def _client(port: int) -> MongoClient[dict[str, Any]]:
    return MongoClient(
        "127.0.0.1",
        port,
        directConnection=True,
        serverSelectionTimeoutMS=1_000,
        socketTimeoutMS=20_000,
        connectTimeoutMS=1_000,
        appname="cronpp embedded",
    )


def _check_still_running(server: Server, folder: DataFolder) -> None:
    status = server.process.poll()
    if status is None:
        return
    release_guard(server)
    complaint = _complaint(folder.log)
    # A server that loses the race for its port late in its start aborts instead.
    if status == _PORT_TAKEN_STATUS or _PORT_TAKEN in complaint:
        raise PortTaken(str(server.port))
    raise SetupError(
        f"The embedded MongoDB ended with status {status} while it started. {complaint} If the "
        "disk is full, free some space; if files are damaged, set the data folder aside and "
        f"restore a backup into a new one. Its log: {folder.log}"
    )


def _complaint(path: Path) -> str:
    """Return the first error of the latest start in mongod's log as a sentence, or ''."""
    text = path.read_text(encoding="utf-8", errors="replace")
    latest = text.rpartition(_LOG_BEGINS)[2].splitlines()
    error = next((line for line in latest if _LOG_ERROR.search(line)), None)
    return f"It said: {_words_of(error)}." if error else ""


def _words_of(line: str) -> str:
    """Return the words for people of one line of the log, a JSON object."""
    try:
        details = json.loads(line).get("attr", {})
    except ValueError:
        return line
    told = details.get("message", details)  # the storage engine wraps its own
    words = [told.get(name) for name in ("msg", "error", "error_str")] if told else []
    return ": ".join(str(word) for word in words if word) or line


def _write_to_majority(client: MongoClient[dict[str, Any]]) -> None:
    concern = {"w": "majority", "wtimeout": 10_000}
    client.admin.command("appendOplogNote", 1, data={"cronpp": "started"}, writeConcern=concern)


def _form_set(client: MongoClient[dict[str, Any]], port: int) -> None:
    """Make this server the only member of its set, under the port it listens on now."""
    host = f"127.0.0.1:{port}"
    try:
        config = client.admin.command("replSetGetConfig")["config"]
    except OperationFailure as error:
        if error.code == _NOT_YET_INITIALIZED:
            client.admin.command("replSetInitiate", _new_config(host))
        return
    if config["members"][0]["host"] == host:
        return  # the election is under way
    log.info("the port of MongoDB changed; mending its replica set", extra={"host": host})
    config["members"] = [{**config["members"][0], "host": host}]
    config["version"] += 1
    client.admin.command("replSetReconfig", config, force=True)


def _new_config(host: str) -> dict[str, Any]:
    return {
        "_id": SET_NAME,
        "members": [{"_id": 0, "host": host}],
        "settings": {"electionTimeoutMillis": 1_000},
    }
