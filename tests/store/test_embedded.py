"""The embedded MongoDB keeps what it confirmed, whoever is killed."""

import os
import signal
import socket
from contextlib import closing
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from cronpp_app.store.embedded import find_embedded
from cronpp_app.store.embedded_folder import (
    DataFolder,
    free_disk_bytes,
    orphan_pid,
)
from tests.store.embedded_steps import (
    Main,
    Start,
    is_gone,
    is_open,
    notes_at,
    port_of,
    status_of,
    until,
    write_note,
)


class TestAStart:
    def test_gives_a_replica_set_with_change_streams_on_loopback(
        self, start_mongodb: Start
    ) -> None:
        server = start_mongodb()
        hello = status_of(server.uri)
        assert hello["setName"] == "cronpp"
        assert hello["hosts"] == [server.uri.removeprefix("mongodb://").split("/")[0]]
        assert hello["me"].startswith("127.0.0.1:")
        with MongoClient[dict[str, Any]](server.uri) as client, client["cronpp"].watch() as changes:
            client["cronpp"]["notes"].insert_one({"text": "news"})
            assert changes.next()["fullDocument"]["text"] == "news"

    def test_is_reachable_from_this_machine_only(self, start_mongodb: Start) -> None:
        port = port_of(start_mongodb().uri)
        assert not is_open("127.0.0.2", port)  # as good as any address but 127.0.0.1
        assert is_open("127.0.0.1", port)

    def test_finds_what_was_written_before_a_stop(self, start_mongodb: Start) -> None:
        first = start_mongodb()
        write_note(first.uri, "kept")
        first.stop()
        second = start_mongodb()
        assert notes_at(second.uri) == ["kept"]

    def test_takes_the_port_it_had_so_that_clients_find_it_again(
        self, start_mongodb: Start
    ) -> None:
        first = start_mongodb()
        first.stop()
        assert start_mongodb().uri == first.uri

    def test_moves_to_another_port_when_its_own_was_taken(self, start_mongodb: Start) -> None:
        first = start_mongodb()
        write_note(first.uri, "kept")
        first.stop()
        with closing(socket.socket()) as somebody:
            somebody.bind(("127.0.0.1", port_of(first.uri)))
            second = start_mongodb()
            assert port_of(second.uri) != port_of(first.uri)
            assert notes_at(second.uri) == ["kept"]
            write_note(second.uri, "more")

    def test_survives_what_it_remembered_being_torn(
        self, start_mongodb: Start, mongodb_folder: Path
    ) -> None:
        first = start_mongodb()
        write_note(first.uri, "kept")
        first.stop()
        (mongodb_folder / "mongodb.json").write_text('{"uri": "mongodb://127.0')
        assert notes_at(start_mongodb().uri) == ["kept"]

    def test_survives_what_it_remembered_being_nonsense(
        self, start_mongodb: Start, mongodb_folder: Path
    ) -> None:
        left = DataFolder(mongodb_folder)
        left.prepare(free_disk_bytes)
        left.memory.write_text('{"uri": 1, "port": "x", "pid": null, "process": 3}')
        assert status_of(start_mongodb().uri)["setName"] == "cronpp"

    def test_keeps_the_folder_to_its_owner(
        self, start_mongodb: Start, mongodb_folder: Path
    ) -> None:
        start_mongodb()
        assert mongodb_folder.stat().st_mode & 0o077 == 0


class TestAStop:
    def test_is_clean_and_leaves_no_process(
        self, start_mongodb: Start, mongodb_folder: Path
    ) -> None:
        server = start_mongodb()
        guard = server._server.guard
        server.stop()
        assert server._server.process.returncode == 0
        assert guard is not None
        assert guard.returncode == 0
        assert (mongodb_folder / "mongodb" / "mongod.lock").read_text() == ""

    def test_may_be_asked_for_twice(self, start_mongodb: Start) -> None:
        server = start_mongodb()
        server.stop()
        server.stop()


class TestACrash:
    def test_of_the_server_is_mended_while_we_run(self, start_mongodb: Start) -> None:
        server = start_mongodb()
        write_note(server.uri, "kept")
        killed, uri = server.pid, server.uri
        os.kill(killed, signal.SIGKILL)
        until(lambda: server.pid != killed)
        assert server.uri == uri
        assert notes_at(server.uri) == ["kept"]

    def test_of_everything_at_once_loses_nothing_confirmed(
        self, start_mongodb: Start, mongodb_folder: Path
    ) -> None:
        main = Main(mongodb_folder)
        write_note(main.uri, "kept")
        os.kill(main.guard_pid, signal.SIGKILL)
        main.kill()
        os.kill(main.mongod_pid, signal.SIGKILL)
        assert notes_at(start_mongodb().uri) == ["kept"]

    def test_of_its_parent_ends_the_server_cleanly(self, mongodb_folder: Path) -> None:
        main = Main(mongodb_folder)
        main.kill()
        until(lambda: is_gone(main.mongod_pid))
        assert (mongodb_folder / "mongodb" / "mongod.lock").read_text() == ""

    def test_of_its_parent_may_be_followed_by_a_start_at_once(
        self, start_mongodb: Start, mongodb_folder: Path
    ) -> None:
        main = Main(mongodb_folder)
        write_note(main.uri, "kept")
        main.kill()
        assert notes_at(start_mongodb().uri) == ["kept"]

    def test_of_its_parent_may_be_followed_by_a_start_while_the_server_leaves(
        self, start_mongodb: Start, mongodb_folder: Path
    ) -> None:
        main = Main(mongodb_folder)
        write_note(main.uri, "kept")
        main.kill()
        until(lambda: (mongodb_folder / "mongodb" / "mongod.lock").read_text() == "")
        assert notes_at(start_mongodb().uri) == ["kept"]

    def test_that_left_the_server_running_is_tidied_by_the_next_start(
        self, start_mongodb: Start, mongodb_folder: Path
    ) -> None:
        main = Main(mongodb_folder)
        write_note(main.uri, "kept")
        os.kill(main.guard_pid, signal.SIGKILL)  # else it would end the server
        main.kill()
        server = start_mongodb()
        assert is_gone(main.mongod_pid)
        assert server.uri == main.uri
        assert notes_at(server.uri) == ["kept"]

    def test_leaves_no_orphan_in_a_server_that_emptied_its_lock_file(
        self, mongodb_folder: Path
    ) -> None:
        left = DataFolder(mongodb_folder)
        left.prepare(free_disk_bytes)
        left.server_lock.write_text("")
        assert orphan_pid(left) is None


class TestAWorkerOfItsOwn:
    def test_finds_the_running_server_by_its_folder(
        self, start_mongodb: Start, mongodb_folder: Path
    ) -> None:
        server = start_mongodb()
        assert find_embedded(mongodb_folder) == server.uri

    def test_finds_none_where_none_was_started(self, mongodb_folder: Path) -> None:
        assert find_embedded(mongodb_folder) is None

    def test_finds_none_after_a_stop(self, start_mongodb: Start, mongodb_folder: Path) -> None:
        start_mongodb().stop()
        assert find_embedded(mongodb_folder) is None

    def test_is_not_led_to_a_stranger_on_the_same_port(
        self, start_mongodb: Start, mongodb_folder: Path, mongodb_uri: str
    ) -> None:
        server = start_mongodb()
        memory = mongodb_folder / "mongodb.json"
        other_port = memory.read_text().replace(str(port_of(server.uri)), str(port_of(mongodb_uri)))
        memory.write_text(other_port)
        assert find_embedded(mongodb_folder) is None


def test_a_log_that_grew_large_is_set_aside_while_the_server_runs(
    start_mongodb: Start, mongodb_folder: Path
) -> None:
    server = start_mongodb()
    log = mongodb_folder / "mongodb.log"
    with log.open("ab") as file:
        file.truncate(17 * 1024**2)
    until((mongodb_folder / "mongodb.log.1").exists)
    until(lambda: log.exists() and log.stat().st_size < 1024**2)
    write_note(server.uri, "still here")
