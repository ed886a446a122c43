"""What the tests of the embedded MongoDB do again and again."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from pymongo import MongoClient, WriteConcern

from cronpp_app.store.embedded import EmbeddedMongo

Start = Callable[..., EmbeddedMongo]
PATIENCE_SECONDS = 60

# A main.py in small: starts the server, says so, and waits to be killed.
MAIN = """
import sys
from pathlib import Path
from cronpp_app.store.embedded import start_embedded
server = start_embedded(Path(sys.argv[1]), cache_gb=0.25)
print(server.pid, server._server.guard.pid, server.uri, flush=True)
sys.stdin.read()
"""


class Main:
    """Another process that runs the embedded server of a folder."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", MAIN, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        mongod, guard, self.uri = self.process.stdout.readline().split()
        self.mongod_pid, self.guard_pid = int(mongod), int(guard)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def until(happened: Callable[[], bool]) -> None:
    """Return as soon as `happened` is true; fail the test if that takes unreasonably long."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def write_note(uri: str, text: str) -> None:
    with MongoClient[dict[str, Any]](uri) as client:
        notes = client["cronpp"]["notes"].with_options(write_concern=WriteConcern("majority"))
        notes.insert_one({"text": text})


def notes_at(uri: str) -> list[str]:
    with MongoClient[dict[str, Any]](uri) as client:
        return sorted(note["text"] for note in client["cronpp"]["notes"].find())


def status_of(uri: str) -> dict[str, Any]:
    with MongoClient[dict[str, Any]](uri) as client:
        return client.admin.command("hello")


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"
    except FileNotFoundError:
        return True


def port_of(uri: str) -> int:
    return int(uri.rsplit(":", maxsplit=1)[1].split("/", maxsplit=1)[0])


def is_open(host: str, port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex((host, port)) == 0
