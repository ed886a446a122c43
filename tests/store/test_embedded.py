"""The embedded MongoDB keeps what it confirmed, whoever is killed, and says what hinders it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient, WriteConcern

from cronpp_app.errors import SetupError
from cronpp_app.store.embedded import EmbeddedMongo, find_embedded, start_embedded
from cronpp_app.store.embedded_folder import DataFolder, server_is_running

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


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A data folder whose server is gone when the test is, even if it failed half-way."""
    yield tmp_path / "data"
    left = DataFolder(tmp_path / "data")
    if left.database.is_dir() and server_is_running(left):
        os.kill(int(left.server_lock.read_text()), signal.SIGKILL)
        until(lambda: not server_is_running(left))
    shutil.rmtree(left.database, ignore_errors=True)  # hundreds of megabytes a test


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    started: list[EmbeddedMongo] = []

    def start_one(**options: Any) -> EmbeddedMongo:
        started.append(start_embedded(folder, cache_gb=0.25, **options))
        return started[-1]

    yield start_one
    for server in started:
        server.stop()


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


class TestAStart:
    def test_gives_a_replica_set_with_change_streams_on_loopback(self, start: Start) -> None:
        server = start()
        hello = status_of(server.uri)
        assert hello["setName"] == "cronpp"
        assert hello["hosts"] == [server.uri.removeprefix("mongodb://").split("/")[0]]
        assert hello["me"].startswith("127.0.0.1:")
        with MongoClient[dict[str, Any]](server.uri) as client, client["cronpp"].watch() as changes:
            client["cronpp"]["notes"].insert_one({"text": "news"})
            assert changes.next()["fullDocument"]["text"] == "news"

    def test_finds_what_was_written_before_a_stop(self, start: Start) -> None:
        first = start()
        write_note(first.uri, "kept")
        first.stop()
        second = start()
        assert notes_at(second.uri) == ["kept"]

    def test_takes_the_port_it_had_so_that_clients_find_it_again(self, start: Start) -> None:
        first = start()
        first.stop()
        assert start().uri == first.uri

    def test_moves_to_another_port_when_its_own_was_taken(self, start: Start) -> None:
        first = start()
        write_note(first.uri, "kept")
        first.stop()
        with closing(socket.socket()) as somebody:
            somebody.bind(("127.0.0.1", port_of(first.uri)))
            second = start()
            assert port_of(second.uri) != port_of(first.uri)
            assert notes_at(second.uri) == ["kept"]
            write_note(second.uri, "more")

    def test_survives_what_it_remembered_being_torn(self, start: Start, folder: Path) -> None:
        first = start()
        write_note(first.uri, "kept")
        first.stop()
        (folder / "mongodb.json").write_text('{"uri": "mongodb://127.0')
        assert notes_at(start().uri) == ["kept"]

    def test_keeps_the_folder_to_its_owner(self, start: Start, folder: Path) -> None:
        start()
        assert folder.stat().st_mode & 0o077 == 0


class TestAStop:
    def test_is_clean_and_leaves_no_process(self, start: Start, folder: Path) -> None:
        server = start()
        guard = server._server.guard
        server.stop()
        assert server._server.process.returncode == 0
        assert guard is not None
        assert guard.returncode == 0
        assert (folder / "mongodb" / "mongod.lock").read_text() == ""

    def test_may_be_asked_for_twice(self, start: Start) -> None:
        server = start()
        server.stop()
        server.stop()


class TestACrash:
    def test_of_the_server_is_mended_while_we_run(self, start: Start) -> None:
        server = start()
        write_note(server.uri, "kept")
        killed, uri = server.pid, server.uri
        os.kill(killed, signal.SIGKILL)
        until(lambda: server.pid != killed)
        assert server.uri == uri
        assert notes_at(server.uri) == ["kept"]

    def test_of_everything_at_once_loses_nothing_confirmed(
        self, start: Start, folder: Path
    ) -> None:
        main = Main(folder)
        write_note(main.uri, "kept")
        os.kill(main.guard_pid, signal.SIGKILL)
        main.kill()
        os.kill(main.mongod_pid, signal.SIGKILL)
        assert notes_at(start().uri) == ["kept"]

    def test_of_its_parent_ends_the_server_cleanly(self, folder: Path) -> None:
        main = Main(folder)
        main.kill()
        until(lambda: is_gone(main.mongod_pid))
        assert (folder / "mongodb" / "mongod.lock").read_text() == ""

    def test_of_its_parent_may_be_followed_by_a_start_at_once(
        self, start: Start, folder: Path
    ) -> None:
        main = Main(folder)
        write_note(main.uri, "kept")
        main.kill()
        assert notes_at(start().uri) == ["kept"]

    def test_of_its_parent_may_be_followed_by_a_start_while_the_server_leaves(
        self, start: Start, folder: Path
    ) -> None:
        main = Main(folder)
        write_note(main.uri, "kept")
        main.kill()
        until(lambda: (folder / "mongodb" / "mongod.lock").read_text() == "")
        assert notes_at(start().uri) == ["kept"]

    def test_that_left_the_server_running_is_tidied_by_the_next_start(
        self, start: Start, folder: Path
    ) -> None:
        main = Main(folder)
        write_note(main.uri, "kept")
        os.kill(main.guard_pid, signal.SIGKILL)  # else it would end the server
        main.kill()
        server = start()
        assert is_gone(main.mongod_pid)
        assert server.uri == main.uri
        assert notes_at(server.uri) == ["kept"]


class TestAWorkerOfItsOwn:
    def test_finds_the_running_server_by_its_folder(self, start: Start, folder: Path) -> None:
        server = start()
        assert find_embedded(folder) == server.uri

    def test_finds_none_where_none_was_started(self, folder: Path) -> None:
        assert find_embedded(folder) is None

    def test_finds_none_after_a_stop(self, start: Start, folder: Path) -> None:
        start().stop()
        assert find_embedded(folder) is None

    def test_is_not_led_to_a_stranger_on_the_same_port(
        self, start: Start, folder: Path, mongodb_uri: str
    ) -> None:
        server = start()
        memory = folder / "mongodb.json"
        other_port = memory.read_text().replace(str(port_of(server.uri)), str(port_of(mongodb_uri)))
        memory.write_text(other_port)
        assert find_embedded(folder) is None


class TestARefusal:
    def test_names_the_process_that_has_the_folder(self, start: Start, folder: Path) -> None:
        start()
        with pytest.raises(SetupError, match=f"in use by the Cron.. process {os.getpid()}"):
            start_embedded(folder)

    def test_leaves_the_first_starter_in_peace(self, start: Start, folder: Path) -> None:
        server = start()
        with pytest.raises(SetupError):
            start_embedded(folder)
        write_note(server.uri, "kept")
        assert notes_at(server.uri) == ["kept"]

    def test_spares_a_server_that_somebody_else_started(self, start: Start, folder: Path) -> None:
        server = start()
        server.stop()
        binary = server._server.process.args[0]
        database, log = folder / "mongodb", folder / "other.log"
        other = subprocess.Popen([binary, "--dbpath", database, "--logpath", log, "--port", "0"])
        try:
            until(lambda: server_is_running(DataFolder(folder)))
            until(lambda: (database / "mongod.lock").read_text() != "")
            with pytest.raises(SetupError, match=f"did not start .process {other.pid}."):
                start()
            assert other.poll() is None
        finally:
            other.terminate()
            other.wait()

    def test_names_a_folder_that_cannot_be_written(self, folder: Path) -> None:
        folder.write_text("a file where the folder should be")
        with pytest.raises(SetupError, match=r"data cannot be written: .* CRONPP_DATA_DIR"):
            start_embedded(folder)

    def test_says_how_much_room_is_missing(self, folder: Path) -> None:
        with pytest.raises(SetupError, match=r"has 50 MB left; MongoDB needs 400 MB\. Free some"):
            start_embedded(folder, free_bytes=lambda _: 50 * 1024**2)

    def test_repeats_what_mongod_said_about_damaged_files(self, start: Start, folder: Path) -> None:
        start().stop()
        (folder / "mongodb" / "WiredTiger.turtle").write_text("nonsense")
        with pytest.raises(
            SetupError, match=r"ended with status .* It said: .*turtle file read error"
        ):
            start()

    def test_frees_the_folder_for_the_next_try(self, start: Start, folder: Path) -> None:
        with pytest.raises(SetupError):
            start_embedded(folder, free_bytes=lambda _: 0)
        assert status_of(start().uri)["setName"] == "cronpp"


def test_a_log_that_grew_large_is_set_aside_while_the_server_runs(
    start: Start, folder: Path
) -> None:
    server = start()
    log = folder / "mongodb.log"
    with log.open("ab") as file:
        file.truncate(17 * 1024**2)
    until((folder / "mongodb.log.1").exists)
    until(lambda: log.exists() and log.stat().st_size < 1024**2)
    write_note(server.uri, "still here")


def port_of(uri: str) -> int:
    return int(uri.rsplit(":", maxsplit=1)[1].split("/", maxsplit=1)[0])
