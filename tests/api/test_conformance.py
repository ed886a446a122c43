"""Schemathesis against the running application: what it answers is what its document says.

Thousands of requests are made from the document: its examples, values at every limit, values
beyond it, wrong types, methods it does not name, and some at random. Each must be answered by a
status and in a shape that the document names, and never by a server error; what breaks the
document must be refused.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.api.running import RunningApi
from tests.factories import job_body

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
)
# Whoever asks there may be signed out: Schemathesis ends the sessions it has found in the list.
ENDS_SESSIONS = "/auth/(logout|sessions)"
EXAMPLES = 5
# A wrong request with a stale version may be told either; runs are nowhere made by a POST /runs.
CONFIG = """
[parameters]
"path.run_id" = "{run_id}"
[checks.negative_data_rejection]
expected-statuses = ["401", "403", "404", "405", "409", "412", "413", "415", "422"]
"""


@pytest.fixture
def running(mongodb_uri: str, database_name: str, tmp_path: Path) -> Iterator[RunningApi]:
    running = RunningApi(mongodb_uri, database_name, tmp_path)
    yield running
    running.stop()


def _check(client: httpx.Client, folder: Path, *options: str) -> None:
    """Let Schemathesis ask in the name of `client`; fail with what it has to say."""
    job = client.post("/api/jobs", json=job_body()).json()["id"]
    run = client.post(f"/api/jobs/{job}/run").json()["run"]["id"]
    config = folder / "schemathesis.toml"
    config.write_text(CONFIG.format(run_id=run))
    command = [
        *(str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(config)),
        *("run", f"{client.base_url}/api/openapi.json", "--url", str(client.base_url)),
        *("--header", f"Authorization: {client.headers['Authorization']}"),
        *("--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing"),
        *("--max-examples", str(EXAMPLES), "--generation-deterministic"),
        # An import of 20,000 jobs takes its time where others work as well.
        *("--request-timeout", "60", "--suppress-health-check", "all", "--no-color"),
        *options,
    ]
    answer = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if answer.returncode:
        pytest.fail(answer.stdout + answer.stderr, pytrace=False)


def test_every_answer_is_one_that_the_document_names(running: RunningApi, tmp_path: Path) -> None:
    with running.sign_up("ada@example.org") as ada:
        _check(ada, tmp_path, "--exclude-path-regex", ENDS_SESSIONS)
        assert ada.get("/api/auth/me").status_code == 200, "all of this was asked signed in"
    with running.sign_up("bob@example.org") as bob:
        _check(bob, tmp_path, "--include-path-regex", ENDS_SESSIONS)
