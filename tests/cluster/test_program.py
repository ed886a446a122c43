"""The program as people run it: start, use, stop, pull the plug, start again."""

import json
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from cronpp_app import __version__
from cronpp_app.clock import monotonic
from tests.cluster.harness import ROOT
from tests.cluster.program import Program, every_second, taken_port
from tests.store.embedded_steps import is_gone


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.server.called.set()  # type: ignore[attr-defined]

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def target() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    server.called = threading.Event()  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.fixture
def program(tmp_path: Path, free_port: int) -> Iterator[Program]:
    program = Program(tmp_path / "data", port=free_port)
    yield program
    if program.process.poll() is None:
        program.stop()


def until(condition: Callable[[], bool], *, seconds: float = 30) -> None:
    """Ask again and again until `condition` holds; each question is a real request."""
    give_up = monotonic() + seconds
    while not condition():
        assert monotonic() < give_up, "it did not come about"


def succeeded(client: httpx.Client, job_id: str, count: int) -> Callable[[], bool]:
    def ask() -> bool:
        runs = client.get(f"/api/jobs/{job_id}/runs", params={"limit": 200}).json()["items"]
        return sum(run["status"] == "SUCCESS" for run in runs) >= count

    return ask


def test_jobs_history_and_pause_survive_a_restart(
    program: Program, target: ThreadingHTTPServer
) -> None:
    url = f"http://127.0.0.1:{target.server_port}/"
    with program.start().client() as client:
        job = client.post("/api/jobs", json=every_second(url)).json()
        until(succeeded(client, job["id"], 2))
        client.post(f"/api/jobs/{job['id']}/pause")
        before = client.get(f"/api/jobs/{job['id']}/runs").json()["total"]
    assert program.stop() == 0, program.log_text()
    assert "worker stopped" in program.log_text()
    assert "Fatal" not in program.log_text()
    with program.start().client() as client:
        again = client.get(f"/api/jobs/{job['id']}").json()
        assert (again["status"], again["name"]) == ("PAUSED", "Probe")
        assert client.get(f"/api/jobs/{job['id']}/runs").json()["total"] == before


def test_everything_killed_at_once_comes_back_and_goes_on(
    program: Program, target: ThreadingHTTPServer
) -> None:
    url = f"http://127.0.0.1:{target.server_port}/"
    with program.start().client() as client:
        job = client.post("/api/jobs", json=every_second(url)).json()
        until(succeeded(client, job["id"], 2))
    program.kill_everything()
    with program.start().client() as client:
        done = client.get(f"/api/jobs/{job['id']}/runs").json()["total"]
        until(succeeded(client, job["id"], done + 2), seconds=60)


def test_a_worker_in_a_second_terminal_finds_the_embedded_server(
    program: Program, tmp_path: Path
) -> None:
    program.environment["CRONPP_WORKERS"] = "0"
    program.start()
    worker = subprocess.Popen(
        [sys.executable, str(ROOT / "worker.py")],
        env=program.environment,
        cwd=tmp_path,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: httpx.get(f"{program.url}/readyz").json()["workers"] == 1)
    finally:
        worker.terminate()
        assert worker.wait(timeout=30) == 0


def test_a_local_worker_that_dies_is_started_again(program: Program) -> None:
    program.start()
    until(lambda: "worker started" in program.log_text())
    pid = int(program.log_text().split("worker started  pid=")[1].split()[0])
    subprocess.run(["kill", "-9", str(pid)], check=True)
    until(lambda: program.log_text().count("worker started") == 2)
    assert program.stop() == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--port", "70000"], "CRONPP_PORT (or --port) is '70000'"),
        (["--mongodb-uri", "localhost"], "must start with mongodb://"),
        (["--mongodb-uri", "mongodb://"], "CRONPP_MONGODB_URI cannot be used"),
        (["--egress-allow", "10.0.0.0/99"], "CRONPP_EGRESS_ALLOW"),
        (["--host", "192.0.2.1"], "Name an address of this machine with --host or CRONPP_HOST"),
    ],
)
def test_a_wrong_setting_is_told_in_one_line_and_nothing_starts(
    options: list[str], said: str, tmp_path: Path
) -> None:
    answer = _main(*options, "--data-dir", str(tmp_path / "data"), "--workers", "0")
    assert answer.returncode == 1
    assert said in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not (tmp_path / "data").exists()


def test_help_names_the_commands_and_the_secrets_and_the_version_is_told() -> None:
    told = " ".join(_main("--help").stdout.split())
    for name in ("selftest", "backup FILE", "restore FILE", "CRONPP_SECRET_KEY", "--version"):
        assert name in told
    assert _main("--version").stdout == f"Cron++ {__version__}\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_told_to_stop_while_it_starts_it_leaves_nothing_behind(
    program: Program, number: signal.Signals
) -> None:
    program.launch()
    memory = program.folder / "mongodb.json"
    until(memory.exists)  # the database is there, the web interface is not yet
    assert is_refused(program.url), "whoever comes now waits for an answer"
    program.process.send_signal(number)
    assert program.process.wait(timeout=30) == 0
    assert "Traceback" not in program.log_text()
    pid = int(json.loads(memory.read_text())["pid"])
    until(lambda: is_gone(pid))


def is_refused(url: str) -> bool:
    try:
        httpx.get(url)
    except httpx.ConnectError:
        return True
    return False


def test_told_twice_to_stop_it_breaks_off_what_still_runs(program: Program) -> None:
    program.environment["CRONPP_DRAIN_SECONDS"] = "600"  # far more than `stop` waits
    with taken_port() as silent, program.start().client() as client:
        client.post("/api/jobs", json=every_second(f"http://127.0.0.1:{silent.getsockname()[1]}/"))
        assert select.select([silent], [], [], 30)[0]
        program.process.send_signal(signal.SIGINT)
        until(lambda: "worker drains" in program.log_text())
        assert program.stop() == 0
    assert "worker stopped" in program.log_text()


def test_a_taken_port_is_told_with_the_remedy(tmp_path: Path) -> None:
    with taken_port() as taken:
        port = str(taken.getsockname()[1])
        answer = _main("--port", port, "--data-dir", str(tmp_path / "data"))
    assert answer.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in answer.stderr
    assert "choose another with --port" in answer.stderr


def _main(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "main.py"), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_a_worker_whose_driver_never_closes_leaves_all_the_same() -> None:
    """Seen when all members of a replica set were gone while a worker drained."""
    never_closes = "import threading, worker; worker._leave_within(0.1); threading.Event().wait()"
    left = subprocess.run([sys.executable, "-c", never_closes], cwd=ROOT, timeout=60, check=False)
    assert left.returncode == 0
