"""The data folder of the embedded MongoDB: its files, its lock, what it remembers."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from cronpp_app.errors import SetupError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

FreeBytes = Callable[[Path], int]

SET_NAME = "cronpp"
NEEDED_BYTES = 400 * 1024**2  # three journal files of 100 MB, and room to begin with
LARGEST_LOG_BYTES = 16 * 1024**2
_BEYOND_TEXT = 1024  # Windows also forbids reading what is locked


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What the last start left in the folder, so that a worker of its own finds the server.

    `process` names one life of one server: MongoDB draws it anew at every start, so that a
    stale file never leads to a stranger that happens to have the port or the process id.
    """

    uri: str
    port: int
    pid: int
    process: str


class DataFolder:
    """The paths below one data folder."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir.expanduser().resolve()
        self.database = self.path / "mongodb"
        self.log = self.path / "mongodb.log"
        self.lock = self.path / "mongodb.lock"
        self.memory = self.path / "mongodb.json"
        self.server_lock = self.database / "mongod.lock"

    def prepare(self, free_bytes: FreeBytes) -> None:
        """Make the folder, private to its owner, and see that it can be used.

        Raises SetupError if it cannot be written or the disk is nearly full.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.database.mkdir(mode=0o700, exist_ok=True)
            for file in (self.lock, self.log):
                file.open("a", encoding="utf-8").close()
            if not os.access(self.database, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        except OSError as error:
            raise SetupError(
                f"The data folder {self.path} cannot be written: {error.strerror}. "
                "Name another one in CRONPP_DATA_DIR or mend its owner and permissions."
            ) from error
        free = free_bytes(self.path)
        if free < NEEDED_BYTES:
            raise SetupError(
                f"The disk of the data folder {self.path} has {free // 1024**2} MB left; MongoDB "
                f"needs {NEEDED_BYTES // 1024**2} MB. Free some space or name a folder on another "
                "disk in CRONPP_DATA_DIR."
            )

    def holds_data(self) -> bool:
        """Return whether a server has written its files here before."""
        return (self.database / "WiredTiger").is_file()

    def limit_log(self) -> bool:
        """Set a log that has grown large aside, replacing the one before; return if it was."""
        if not self.log.exists() or self.log.stat().st_size <= LARGEST_LOG_BYTES:
            return False
        self.log.replace(self.log.with_suffix(".log.1"))
        return True

    def remember(self, memory: Remembered) -> None:
        """Keep `memory` for the next start and for workers started on their own."""
        fresh = self.memory.with_suffix(".json.new")
        fresh.write_text(json.dumps(asdict(memory)) + "\n", encoding="utf-8")
        fresh.replace(self.memory)

    def remembered(self) -> Remembered | None:
        """Return what the last start left, or None if there was none or it cannot be read."""
        try:
            memory = Remembered(**json.loads(self.memory.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        is_whole = isinstance(memory.port, int) and isinstance(memory.uri, str)
        return memory if is_whole and 0 < memory.port < 65536 else None


def free_disk_bytes(folder: Path) -> int:
    """Return the bytes this user may still write on the disk of `folder`."""
    return shutil.disk_usage(folder).free


def lock_folder(folder: DataFolder) -> IO[str]:
    """Return the held lock of `folder`; closing it, or the end of this process, gives it back.

    Raises SetupError naming the process that holds it.
    """
    held = folder.lock.open("r+", encoding="utf-8")
    if not _try_lock(held):
        owner = held.read().strip() or "unknown"
        held.close()
        raise SetupError(
            f"The data folder {folder.path} is in use by the Cron++ process {owner}. Stop that "
            "one first, or give this one a folder of its own in CRONPP_DATA_DIR."
        )
    held.truncate(0)
    held.write(f"{os.getpid()}\n")
    held.flush()
    return held


def server_is_running(folder: DataFolder) -> bool:
    """Return whether a mongod holds the database of `folder`, by the lock it keeps itself.

    The kernel drops that lock with the process, so a stale file cannot deceive. Only for the
    holder of our own lock: for an instant this takes the lock that a starting mongod wants.
    """
    try:
        with folder.server_lock.open("r+", encoding="utf-8") as file:
            return not _try_lock(file)
    except FileNotFoundError:
        return False
    except PermissionError:  # Windows refuses to open it while it is held
        return True


def orphan_pid(folder: DataFolder) -> int | None:
    """Return the process id of the mongod that our own former start left running.

    None if it is about to end: then it has emptied its lock file, or is gone by now.
    Raises SetupError if the running one was started by somebody else.
    """
    text = folder.server_lock.read_text(encoding="utf-8").strip()
    command = _command_of(int(text)) if text.isdecimal() else ""
    if not command:
        return None
    if str(folder.database) in command and f"--replSet {SET_NAME}" in command:
        return int(text)
    raise held_by_another(folder, text)


def held_by_another(folder: DataFolder, pid: str) -> SetupError:
    """Return the error that somebody else's mongod, process `pid`, has the database."""
    return SetupError(
        f"A mongod that Cron++ did not start (process {pid}) holds the database in "
        f"{folder.database}. Stop it first, or name another folder in CRONPP_DATA_DIR."
    )


def ask_to_end(pid: int, *, forcibly: bool = False) -> None:
    """Send process `pid` a request to end, or end it `forcibly`; one gone already is fine."""
    sent = signal.SIGKILL if forcibly and sys.platform != "win32" else signal.SIGTERM
    try:
        os.kill(pid, sent)
    except ProcessLookupError:
        return


def _command_of(pid: int) -> str:
    if Path("/proc/self").exists():
        try:
            listed = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return ""
        return listed.replace(b"\0", b" ").decode(errors="replace")
    answer = subprocess.run(  # noqa: S603 - a number is all that varies
        ["ps", "-p", str(pid), "-o", "command="],  # noqa: S607 - where it is differs by system
        capture_output=True,
        check=False,
        text=True,
    )
    return answer.stdout


def _try_lock(file: IO[str]) -> bool:
    try:
        if sys.platform == "win32":
            file.seek(_BEYOND_TEXT)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        file.seek(0)
    return True
