"""The embedded MongoDB does not start where it must not, and says what to do."""

import os
import subprocess
from pathlib import Path

import pytest

from cronpp_app.errors import SetupError
from cronpp_app.store.embedded import start_embedded
from cronpp_app.store.embedded_folder import (
    DataFolder,
    server_is_running,
)
from tests.store.embedded_steps import (
    Start,
    notes_at,
    status_of,
    until,
    write_note,
)


class TestARefusal:
    def test_names_the_process_that_has_the_folder(
        self, start_mongodb: Start, mongodb_folder: Path
    ) -> None:
        start_mongodb()
        with pytest.raises(SetupError, match=f"in use by the Cron.. process {os.getpid()}"):
            start_embedded(mongodb_folder)

    def test_leaves_the_first_starter_in_peace(
        self, start_mongodb: Start, mongodb_folder: Path
    ) -> None:
        server = start_mongodb()
        with pytest.raises(SetupError):
            start_embedded(mongodb_folder)
        write_note(server.uri, "kept")
        assert notes_at(server.uri) == ["kept"]

    def test_spares_a_server_that_somebody_else_started(
        self, start_mongodb: Start, mongodb_folder: Path
    ) -> None:
        server = start_mongodb()
        server.stop()
        binary = server._server.process.args[0]
        database, log = mongodb_folder / "mongodb", mongodb_folder / "other.log"
        other = subprocess.Popen([binary, "--dbpath", database, "--logpath", log, "--port", "0"])
        try:
            until(lambda: server_is_running(DataFolder(mongodb_folder)))
            until(lambda: (database / "mongod.lock").read_text() != "")
            with pytest.raises(SetupError, match=f"did not start .process {other.pid}."):
                start_mongodb()
            assert other.poll() is None
        finally:
            other.terminate()
            other.wait()

    def test_names_a_folder_that_cannot_be_written(self, mongodb_folder: Path) -> None:
        mongodb_folder.write_text("a file where the folder should be")
        with pytest.raises(SetupError, match=r"data cannot be written: .* CRONPP_DATA_DIR"):
            start_embedded(mongodb_folder)

    def test_says_how_much_room_is_missing(self, mongodb_folder: Path) -> None:
        with pytest.raises(SetupError, match=r"has 50 MB left; MongoDB needs 400 MB\. Free some"):
            start_embedded(mongodb_folder, free_bytes=lambda _: 50 * 1024**2)

    def test_repeats_what_mongod_said_about_damaged_files(
        self, start_mongodb: Start, mongodb_folder: Path
    ) -> None:
        start_mongodb().stop()
        (mongodb_folder / "mongodb" / "WiredTiger.turtle").write_text("nonsense")
        with pytest.raises(
            SetupError,
            match=r"ended with status .* It said: .*turtle file read error.* restore a backup",
        ):
            start_mongodb()

    def test_frees_the_folder_for_the_next_try(
        self, start_mongodb: Start, mongodb_folder: Path
    ) -> None:
        with pytest.raises(SetupError):
            start_embedded(mongodb_folder, free_bytes=lambda _: 0)
        assert status_of(start_mongodb().uri)["setName"] == "cronpp"
