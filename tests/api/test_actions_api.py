"""Trying out an action: performed once, told in full, kept nowhere."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient

from cronpp_app.composition import build_services
from cronpp_app.domain.attempts import AttemptError, ErrorKind
from cronpp_app.domain.jobs import HttpAction
from cronpp_app.services.actions import MOST_PER_USER
from cronpp_app.settings import Settings
from cronpp_app.store.database import Database
from cronpp_app.store.keys import Keys
from tests.api.conftest import TestPerforming
from tests.factories import HOOK, make_user

ACTION = {"kind": "http", "method": "POST", "url": HOOK, "body": "{}"}


async def _test(client: AsyncClient, **changes: Any) -> Any:
    return await client.post("/api/actions/test", json={"action": ACTION | changes})


async def test_an_action_is_performed_once_and_its_attempt_told(
    ada: AsyncClient, performing: TestPerforming, database: Database
) -> None:
    answer = await _test(ada)
    assert answer.status_code == 200
    attempt = answer.json()
    assert (attempt["number"], attempt["status"]) == (1, "SUCCESS")
    assert attempt["response"]["body"] == "done"
    assert attempt["request"]["headers"]["X-Api-Key"] == "••••1234"
    (run,) = performing.runs
    assert isinstance(run.action, HttpAction)
    assert (run.action.method, run.action.body) == ("POST", "{}")
    for collection in (database.jobs, database.runs, database.logs):
        assert await collection.count_documents({}) == 0


async def test_a_failed_test_is_an_answer_not_an_error(
    ada: AsyncClient, performing: TestPerforming
) -> None:
    refused = AttemptError(kind=ErrorKind.CONNECT, message="Nobody listens there.")
    performing.result = replace(performing.result, response=None, error=refused)
    answer = await _test(ada)
    assert answer.status_code == 200
    assert answer.json()["status"] == "FAILED"
    assert answer.json()["error"]["kind"] == "connect"


async def test_a_test_waits_a_minute_at_most(ada: AsyncClient, performing: TestPerforming) -> None:
    await _test(ada, timeout_seconds=3_600)
    await _test(ada, timeout_seconds=5)
    deadlines = [run.action.timeout for run in performing.runs if run.action is not None]  # type: ignore[union-attr]
    assert deadlines == [timedelta(seconds=60), timedelta(seconds=5)]


async def test_a_log_action_can_be_tested_too(ada: AsyncClient) -> None:
    answer = await ada.post("/api/actions/test", json={"action": {"kind": "log", "message": "hi"}})
    assert answer.status_code == 200


async def test_a_person_tests_a_few_actions_at_a_time(
    ada: AsyncClient, bob: AsyncClient, performing: TestPerforming
) -> None:
    performing.go_on.clear()
    async with asyncio.TaskGroup() as group:
        tests = [group.create_task(_test(ada)) for _ in range(MOST_PER_USER)]
        for _ in tests:
            await performing.begun.acquire()
        refused = await _test(ada)
        others = group.create_task(_test(bob))
        await performing.begun.acquire()
        performing.go_on.set()
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert {task.result().status_code for task in [*tests, others]} == {200}
    assert (await _test(ada)).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "action"),
        ({"action": ACTION | {"url": "ftp://example.org"}}, "action.url"),
        ({"action": ACTION | {"timeout_seconds": 0}}, "action.timeout_seconds"),
        ({"action": ACTION | {"headers": {"Authorization": "••••1234"}}}, None),
        ({"action": ACTION, "job_id": "x"}, "job_id"),
        ({"action": {"kind": "shell", "command": "rm"}}, "action.kind"),
    ],
)
async def test_a_wrong_action_is_not_performed(
    body: dict[str, Any], field: str | None, ada: AsyncClient, performing: TestPerforming
) -> None:
    answer = await ada.post("/api/actions/test", json=body)
    assert answer.status_code == 422
    wanted = field or "action.headers.Authorization"
    assert [error["field"] for error in answer.json()["errors"]] == [wanted]
    assert performing.runs == []


@pytest.mark.parametrize(("allowed", "kind"), [("", "blocked"), ("127.0.0.1/32", "connect")])
async def test_tests_pass_the_same_guard_as_runs(
    allowed: str, kind: str, database: Database, keys: Keys, tmp_path: Path, free_port: int
) -> None:
    services = build_services(Settings(data_dir=tmp_path, egress_allow=allowed), database, keys)
    action = HttpAction(method="GET", url=f"http://127.0.0.1:{free_port}/")
    attempt = await services.actions.test(make_user(), action)
    await services.aclose()
    assert attempt.error is not None
    assert attempt.error.kind == kind
