"""A real replica set of three members, whose members can be killed, frozen and brought back."""

import contextlib
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from cronpp_app.clock import monotonic
from cronpp_app.store.embedded_binary import Mongod, find_mongod
from cronpp_app.store.embedded_folder import SET_NAME, DataFolder
from cronpp_app.store.embedded_server import Server, free_port, release_guard, start_server
from tests.cluster.launcher import LOOPBACK, launched

SIZE = 3
ELECTION_TIMEOUT = {"electionTimeoutMillis": 2_000}
_CACHE_GB = 0.25
_READY_SECONDS = 90.0
_PAUSE_SECONDS = 0.05
_ROOM_FOR_A_SET = 4 * 1024**3
_STEADY = {"PRIMARY", "SECONDARY"}

Found = TypeVar("Found")


class Member:
    """One `mongod` of the set; it ends with this process, however that ends."""

    def __init__(
        self,
        mongod: Mongod,
        folder: Path,
        *,
        address: str = LOOPBACK,
        before: tuple[str, ...] = (),
    ) -> None:
        self.folder = folder
        self._data = DataFolder(folder)
        self._data.database.mkdir(parents=True)
        self._mongod = launched(mongod, folder / "mongod.sh", address=address, before=before)
        self._address = address
        self.port = free_port()
        self.host = f"{address}:{self.port}"
        self.is_frozen = False
        self.start()

    def start(self) -> None:
        """Start it on its data; it does not answer yet."""
        self._server: Server = start_server(
            self._mongod, self._data, port=self.port, cache_gb=_CACHE_GB
        )

    @property
    def pid(self) -> int:
        """Return the number of its process, running or not."""
        return self._server.process.pid

    @property
    def is_running(self) -> bool:
        """Return whether its process lives, frozen or not."""
        return self._server.process.poll() is None

    def kill(self) -> None:
        """End it as a power cut would."""
        self._server.process.kill()
        self._server.process.wait()
        release_guard(self._server)
        self.is_frozen = False

    def wait(self, seconds: float) -> None:
        """Return when it has ended by itself; raise AssertionError if it has not in time."""
        try:
            self._server.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the member went on for {seconds} s") from None
        release_guard(self._server)

    def freeze(self) -> None:
        """Stop it in its tracks: connections stay open, nothing is answered."""
        self._server.process.send_signal(signal.SIGSTOP)
        self.is_frozen = True

    def thaw(self) -> None:
        """Let it go on where it was frozen."""
        self._server.process.send_signal(signal.SIGCONT)
        self.is_frozen = False

    def ask(self, command: str | dict[str, Any], **options: Any) -> dict[str, Any]:
        """Return its answer to an administrator's command; raise PyMongoError without one."""
        with self._client() as client:
            return client.admin.command(command, **options)

    def rollbacks(self) -> list[Path]:
        """Return the files of documents that it had to take back when it joined again."""
        return list((self._data.database / "rollback").rglob("*.bson"))

    def _client(self) -> MongoClient[dict[str, Any]]:
        return MongoClient(
            self._address,
            self.port,
            directConnection=True,
            serverSelectionTimeoutMS=1_000,
            connectTimeoutMS=1_000,
            socketTimeoutMS=20_000,
        )


class ReplicaSet:
    """Three members on loopback ports of their own."""

    def __init__(self, members: Sequence[Member]) -> None:
        self.members = members

    @property
    def uri(self) -> str:
        """Return the address for clients: it names all members."""
        hosts = ",".join(member.host for member in self.members)
        return f"mongodb://{hosts}/?replicaSet={SET_NAME}"

    def form(self) -> None:
        """Make the three a set; return when it has a primary and two secondaries."""
        members = [{"_id": i, "host": member.host} for i, member in enumerate(self.members)]
        config = {"_id": SET_NAME, "members": members, "settings": ELECTION_TIMEOUT}
        for member in self.members:
            _until(partial(member.ask, "ping"), "a member did not start")
        self.members[0].ask({"replSetInitiate": config})
        self._wait_until_steady()

    def heal(self) -> None:
        """Bring back whatever was killed or frozen; return when the set is whole."""
        self.revive()
        self._wait_until_steady()

    def revive(self) -> None:
        """Start what was killed, and let go on what was frozen."""
        for member in self.members:
            if not member.is_running:
                member.start()
            elif member.is_frozen:
                member.thaw()

    def secondaries(self) -> list[Member]:
        """Return the members that are not primary, in their order."""
        primary = self.primary()
        return [member for member in self.members if member is not primary]

    def primary(self) -> Member:
        """Return the member that takes writes, as soon as there is one."""
        return _until(self._writable, "no member became primary")

    def step_down(self) -> None:
        """Have the primary hand over in good order."""
        self.primary().ask({"replSetStepDown": 20, "secondaryCatchUpPeriodSecs": 5})

    def hand_over_to(self, member: Member) -> None:
        """Have `member` become the primary, in good order."""
        _until(partial(self._hands_over_to, member), "the member did not become primary")

    def _hands_over_to(self, member: Member) -> bool:
        if self._writable() is member:
            return True
        member.ask({"replSetStepUp": 1})
        return False

    def stop(self) -> None:
        """End all members; their data is not wanted any more."""
        for member in self.members:
            member.kill()

    def _writable(self) -> Member | None:
        """Return the primary; one that was frozen may still take itself for it for a moment."""
        claims = []
        for member in self._reachable():
            with contextlib.suppress(PyMongoError):
                hello = member.ask("hello")
                if hello["isWritablePrimary"]:
                    claims.append((hello["electionId"], member))
        return max(claims, key=lambda claim: claim[0])[1] if claims else None

    def _reachable(self) -> list[Member]:
        return [one for one in self.members if one.is_running and not one.is_frozen]

    def _wait_until_steady(self) -> None:
        _until(self._is_steady, "the replica set did not become whole")

    def _is_steady(self) -> bool:
        primary = self._writable()
        if primary is None:
            return False
        status = primary.ask("replSetGetStatus")["members"]
        if any(one["health"] != 1 or one["stateStr"] not in _STEADY for one in status):
            return False
        # What comes back with words of a former term has yet to take them back.
        return len({one["optime"]["t"] for one in status}) == 1


@contextlib.contextmanager
def replica_set() -> Iterator[ReplicaSet]:
    """Run a set of three, in memory if there is room; all of it is gone afterwards."""
    memory = Path("/dev/shm")
    has_room = memory.is_dir() and shutil.disk_usage(memory).free > _ROOM_FOR_A_SET
    with tempfile.TemporaryDirectory(
        prefix="cronpp-chaos-", dir=memory if has_room else None, ignore_cleanup_errors=True
    ) as folder:
        mongod = find_mongod()
        members = [Member(mongod, Path(folder, f"member-{number}")) for number in range(SIZE)]
        with formed(members) as started:
            yield started


@contextlib.contextmanager
def formed(members: Sequence[Member]) -> Iterator[ReplicaSet]:
    """Make `members` a set while the block lasts."""
    started = ReplicaSet(members)
    try:
        started.form()
        yield started
    finally:
        started.stop()


def _until(ask: Callable[[], Found | None], complaint: str) -> Found:
    """Return the first true answer of `ask`; a member that does not answer is asked again."""
    give_up = monotonic() + _READY_SECONDS
    while True:
        with contextlib.suppress(PyMongoError):
            found = ask()
            if found:
                return found
        if monotonic() > give_up:
            raise AssertionError(f"{complaint} within {_READY_SECONDS:.0f} s")
        time.sleep(_PAUSE_SECONDS)
