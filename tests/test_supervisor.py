"""Local workers: what they are told when the web process stops."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from cronpp_app import supervisor
from cronpp_app.settings import Settings
from cronpp_app.supervisor import local_workers

# Says who it is when it is ready to be stopped, and ends at the second signal.
STUBBORN = """
import os, signal
told = []
def on_signal(*_):
    told.append(1)
    if len(told) == 2:
        os._exit(0)
signal.signal(signal.SIGTERM, on_signal)
with open(os.environ["CRONPP_DATA_DIR"], "w") as pipe:
    pipe.write(str(os.getpid()))
while True:
    signal.pause()
"""


@pytest.fixture
def pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the pipe that a stubborn worker writes its process id to."""
    worker, pipe = tmp_path / "worker.py", tmp_path / "pipe"
    worker.write_text(STUBBORN)
    os.mkfifo(pipe)
    monkeypatch.setattr(supervisor, "WORKER", worker)
    return pipe


async def test_a_worker_too_busy_to_see_both_signals_is_told_again(pipe: Path) -> None:
    """Of two signals that come at once, a process sees one."""
    settings = Settings(workers=1, data_dir=pipe, drain_seconds=600)
    hurry = asyncio.Event()
    async with asyncio.timeout(10):
        async with local_workers(settings, "mongodb://unused", hurry=hurry):
            pid = int(await asyncio.to_thread(pipe.read_text))
            os.kill(pid, signal.SIGSTOP)
            hurry.set()
            asyncio.get_running_loop().call_later(0.2, os.kill, pid, signal.SIGCONT)
