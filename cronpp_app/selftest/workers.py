"""The workers of a selftest: real processes that are killed as a power cut would."""

import random
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from cronpp_app.supervisor import WORKER

_STOP_SECONDS = 60


class Workers:
    """Some `worker.py` processes; they stop by themselves when this process dies."""

    def __init__(self, environment: Mapping[str, str], log: Path, *, count: int) -> None:
        self._environment = environment
        self._log = log
        self._running = [self._start() for _ in range(count)]

    def kill_one(self) -> int:
        """Kill one of them, whichever (SIGKILL); return the process id it had."""
        chosen = random.SystemRandom().randrange(len(self._running))
        victim = self._running[chosen]
        victim.kill()
        victim.wait()
        self._running[chosen] = self._start()
        return victim.pid

    def stop(self) -> None:
        """Ask all to drain, and wait for it; those that do not end in time are killed."""
        for worker in self._running:
            worker.terminate()
        for worker in self._running:
            try:
                worker.wait(timeout=_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as output:
            return subprocess.Popen(  # noqa: S603  # our own file, by our own interpreter
                [sys.executable, str(WORKER)],
                env=dict(self._environment),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C reaches us alone; we stop workers
            )
