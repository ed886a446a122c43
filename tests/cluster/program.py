"""`python main.py` as a newcomer starts it: its own folder, port, database and worker."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from cronpp_app.clock import monotonic
from tests.cluster.harness import ROOT

START_SECONDS = 60
STOP_SECONDS = 60
PASSWORD = "correct horse battery"


class Program:
    """One run of main.py in `folder`; start it, use it by REST, stop or kill it."""

    def __init__(self, folder: Path, *, port: int, **settings: str) -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{port}"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CRONPP_")},
            "CRONPP_DATA_DIR": str(folder),
            "CRONPP_PORT": str(port),
            "CRONPP_EGRESS_ALLOW": "127.0.0.1/32",
            "CRONPP_RATE_LIMIT": "0",
            "CRONPP_DRAIN_SECONDS": "5",
            **settings,
        }

    def launch(self, *options: str) -> None:
        """Start it."""
        self.log = (self.folder.parent / f"{self.folder.name}.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "main.py"), *options],
            env=self.environment,
            cwd=self.folder.parent,
            stdout=self.log,
            stderr=self.log,
        )

    def start(self, *options: str) -> "Program":
        """Start it and wait until it is ready; raise AssertionError with its log if it ends."""
        self.launch(*options)
        give_up = monotonic() + START_SECONDS
        while not self.is_ready():
            assert self.process.poll() is None, self.log_text()
            assert monotonic() < give_up, self.log_text()
        return self

    def is_ready(self) -> bool:
        """Return whether it answers; waits for the port a little while."""
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except httpx.HTTPError:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=0.1)
            return False

    def stop(self) -> int:
        """Ask it to stop, as Ctrl-C does; return its exit status."""
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(timeout=STOP_SECONDS)
        self.log.close()
        return status

    def kill_everything(self) -> None:
        """End the web process, its workers and its database at once, as a power cut would."""
        started = r"(?:worker started|embedded MongoDB is ready).* pid=(\d+)"
        for pid in [self.process.pid, *map(int, re.findall(started, self.log_text()))]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.log.close()

    def log_text(self) -> str:
        """Return what it has logged so far."""
        return Path(self.log.name).read_text()

    def client(self, email: str = "ada@example.org") -> httpx.Client:
        """Return a REST client that is signed in; the account is made if it is not there."""
        body = {"email": email, "password": PASSWORD}
        answer = httpx.post(f"{self.url}/api/auth/signup", json=body)
        if answer.status_code == httpx.codes.CONFLICT:
            answer = httpx.post(f"{self.url}/api/auth/login", json=body)
        token = {"Authorization": f"Bearer {answer.json()['token']}"}
        return httpx.Client(base_url=self.url, timeout=30, headers=token)


def every_second(url: str, **changes: Any) -> dict[str, Any]:
    """Return the body of a job that calls `url` every second."""
    return {
        "name": "Probe",
        "schedule": {"kind": "interval", "every_seconds": 1},
        "action": {"kind": "http", "method": "GET", "url": url},
        **changes,
    }


def taken_port() -> socket.socket:
    """Return a socket that listens, so that nobody else can listen on its port."""
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    return taken
