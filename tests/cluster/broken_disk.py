"""Disks that make a member wait, refuse its writes, or have no room left."""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from cronpp_app.clock import monotonic
from tests.cluster.replica_set import Member

_SYNCS = "fsync,fdatasync"
_ATTACHED_SECONDS = 20.0
_MEGABYTE = 1024 * 1024


def may_trace() -> bool:
    """Return whether strace is there and may trace other processes."""
    return shutil.which("strace") is not None and _works("strace", "-qq", "-o", "/dev/null", "true")


def may_mount() -> bool:
    """Return whether this user may mount; tried in a mount namespace that ends at once."""
    tried = "mount -t tmpfs -o size=1m tmpfs /mnt"
    return shutil.which("unshare") is not None and _works("unshare", "-m", "sh", "-c", tried)


def _works(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@contextlib.contextmanager
def broken_syncs(member: Member, how: str) -> Iterator[None]:
    """Break what `member` says to its disk to keep data, while the block lasts.

    `how` is strace's word for it: `delay_enter=2s`, `error=EIO`.
    """
    told = member.folder / "strace.txt"
    tracer = subprocess.Popen(
        [
            *("strace", "-f", "-p", str(member.pid), "-o", told),
            *("-e", f"trace={_SYNCS}", "-e", f"inject={_SYNCS}:{how}"),
        ],
        stderr=subprocess.PIPE,
    )
    try:
        _wait_until_traced(member, tracer)
        yield
    finally:
        tracer.terminate()
        tracer.wait()


def _wait_until_traced(member: Member, tracer: subprocess.Popen[bytes]) -> None:
    status = Path(f"/proc/{member.pid}/status")
    give_up = monotonic() + _ATTACHED_SECONDS
    while f"TracerPid:\t{tracer.pid}\n" not in status.read_text():
        if tracer.poll() is not None or monotonic() > give_up:
            assert tracer.stderr is not None
            raise AssertionError(f"strace did not attach: {tracer.stderr.read().decode()}")
        time.sleep(0.01)


@contextlib.contextmanager
def small_disk(member: Member, megabytes: int) -> Iterator[Path]:
    """Move `member`, which has been ended, to a disk of its own; yield where that is.

    Behind the block it is back with its data; the disk is gone.
    """
    place, aside = member.folder, member.folder.with_suffix(".aside")
    place.rename(aside)
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=700", "tmpfs", str(place)]
    subprocess.run(mount, check=True)
    shutil.copytree(aside, place, dirs_exist_ok=True)
    shutil.rmtree(aside)
    try:
        yield place
    finally:
        member.kill()
        shutil.copytree(place, aside)
        subprocess.run(["umount", str(place)], check=True)
        place.rmdir()
        aside.rename(place)


def fill(disk: Path) -> Path:
    """Take all the room on `disk`; return the file that does."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (_MEGABYTE, 4096, 1):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)):
                    pass
        os.fsync(file.fileno())
    return filler
