import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from cronpp_app.api.job_schemas import JobAnswer
from cronpp_app.domain.jobs import HttpAction
from cronpp_app.services.job_secrets import JobSecrets
from cronpp_app.store.database import Database
from cronpp_app.store.job_documents import job_from
from tests.api.conftest import TestClock
from tests.api.created_jobs import create_job
from tests.factories import HOOK, job_body

HTTP = {"kind": "http", "method": "POST", "url": HOOK}


async def test_a_new_job_has_its_defaults_a_version_and_its_next_run_time(
    ada: AsyncClient,
) -> None:
    answer = await ada.post("/api/jobs", json=job_body())
    job = answer.json()
    JobAnswer.model_validate(job)
    assert answer.headers["Location"] == f"/api/jobs/{job['id']}"
    assert answer.headers["ETag"] == '"1"'
    assert job["status"] == "PENDING"
    assert job["next_run_time"] == "2026-12-01T13:00:00.000Z"
    assert job["retry"] == {
        "max_retries": 3,
        "backoff": "exponential",
        "base_seconds": 10,
        "max_seconds": 3600,
        "jitter": True,
    }
    assert job["misfire"]["grace_seconds"] == 60
    assert job["action"]["timeout_seconds"] == 30
    assert (await ada.get(f"/api/jobs/{job['id']}")).json() == job


async def test_a_job_may_begin_its_life_paused(ada: AsyncClient) -> None:
    job = await create_job(ada, enabled=False)
    assert job["status"] == "PAUSED"
    assert job["next_run_time"] is None


async def test_an_interval_counts_from_creation(ada: AsyncClient, clock: TestClock) -> None:
    job = await create_job(ada, schedule={"kind": "interval", "every_seconds": 90})
    assert job["schedule"]["start_at"] == "2026-12-01T12:00:00.000Z"
    assert job["next_run_time"] == "2026-12-01T12:01:30.000Z"


async def test_a_local_time_needs_a_zone_and_means_its_clock(ada: AsyncClient) -> None:
    local = {"kind": "once", "run_at": "2027-07-01T09:00:00"}
    answer = await ada.post("/api/jobs", json=job_body(schedule=local))
    assert answer.json()["errors"][0]["field"] == "schedule.run_at"
    job = await create_job(ada, schedule=local | {"timezone": "Europe/Berlin"})
    assert job["next_run_time"] == "2027-07-01T07:00:00.000Z"


async def test_everything_wrong_with_a_job_is_said_at_once(ada: AsyncClient) -> None:
    body = job_body(
        name="",
        schedule={"kind": "cron", "cron": "61 * * * *", "timezone": "Mars/Base"},
        action=HTTP | {"method": "GET", "body": "{}", "timeout_seconds": "30"},
        retry={"base_seconds": 100, "max_seconds": 50},
        owner="me",
        id="x",
    )
    answer = await ada.post("/api/jobs", json=body)
    assert answer.status_code == 422
    assert {error["field"] for error in answer.json()["errors"]} == {
        "name",
        "schedule.cron",
        "schedule.timezone",
        "action.body",
        "action.timeout_seconds",
        "retry.max_seconds",
        "owner",
        "id",
    }


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"name": "x",\n "name": "y"}', "line 2, column 2"),
        (b'{"name": NaN}', "NaN is not a number"),
        (b'{"name": ', "line 1"),
        (b"\xff\xfe", "UTF-8"),
        (b"[" * 200 + b"]" * 200, "100 levels"),
        (b'"text"', "JSON object"),
        (b"", "line 1"),
        (b'{"name": "\\ud800"}', "surrogate"),
        (b"1" * 5000, "digits"),
    ],
)
async def test_what_is_not_json_is_refused_with_the_place(
    content: bytes, words: str, ada: AsyncClient
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await ada.post("/api/jobs", content=content, headers=headers)
    assert answer.status_code == 422
    assert words in answer.json()["errors"][0]["message"]


async def test_a_request_over_one_mebibyte_is_refused_without_reading_on(
    ada: AsyncClient,
) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 65_536
            yield b" " * 65_536

    headers = {"Content-Type": "application/json"}
    huge = await ada.post("/api/jobs", content=b" " * (1024 * 1024 + 1), headers=headers)
    streamed = await ada.post("/api/jobs", content=endless(), headers=headers)
    assert huge.status_code == streamed.status_code == 413
    assert sent < 1024 * 1024 + 3 * 65_536


async def test_another_content_type_is_refused(ada: AsyncClient) -> None:
    assert (await ada.post("/api/jobs", data={"name": "x"})).status_code == 415


async def test_other_peoples_jobs_are_not_there(ada: AsyncClient, bob: AsyncClient) -> None:
    job = await create_job(ada)
    path = f"/api/jobs/{job['id']}"
    answers = [
        await bob.get(path),
        await bob.patch(path, json={"name": "mine"}),
        await bob.delete(path),
        *[await bob.post(f"{path}/{verb}") for verb in ("pause", "resume", "run", "duplicate")],
        await bob.get(f"{path}/runs"),
    ]
    assert [answer.status_code for answer in answers] == [404] * len(answers)
    assert (await bob.get("/api/jobs")).json()["total"] == 0
    assert (await ada.get(path)).json() == job


async def test_a_patch_changes_what_it_names_and_nothing_else(ada: AsyncClient) -> None:
    job = await create_job(
        ada, description="as it was", retry={"max_retries": 5}, tags=["billing"], action=HTTP
    )
    changes = {"schedule": {"cron": "30 2 * * *"}, "retry": {"jitter": False}}
    changed = (await ada.patch(f"/api/jobs/{job['id']}", json=changes)).json()
    assert changed["version"] == 2
    assert changed["schedule"]["cron"] == "30 2 * * *"
    assert changed["retry"] == job["retry"] | {"jitter": False}
    assert changed["next_run_time"] == "2026-12-02T02:30:00.000Z"
    for name in ("name", "description", "tags", "action", "misfire", "created_at"):
        assert changed[name] == job[name]


async def test_a_patch_that_leaves_the_schedule_leaves_the_next_run_time(
    ada: AsyncClient, clock: TestClock
) -> None:
    job = await create_job(ada)
    clock.now += timedelta(hours=3)  # the engine is behind: the fire time of 13:00 is still open
    changed = (await ada.patch(f"/api/jobs/{job['id']}", json={"name": "new"})).json()
    assert changed["next_run_time"] == job["next_run_time"]


async def test_a_patch_may_change_the_kind_of_schedule(ada: AsyncClient) -> None:
    job = await create_job(ada)
    changes = {"schedule": {"kind": "interval", "every_seconds": 60}}
    changed = (await ada.patch(f"/api/jobs/{job['id']}", json=changes)).json()
    assert changed["schedule"]["kind"] == "interval"


async def test_a_one_off_job_that_is_done_can_be_renamed_and_given_another_time(
    ada: AsyncClient, clock: TestClock, database: Database
) -> None:
    job = await create_job(ada, schedule={"kind": "once", "run_at": "2026-12-01T13:00:00Z"})
    done = {"$set": {"status": "SUCCESS"}, "$unset": {"next_run_time": ""}}
    await database.jobs.update_one({"_id": job["id"]}, done)
    clock.now += timedelta(days=1)
    path = f"/api/jobs/{job['id']}"
    renamed = await ada.patch(path, json={"name": "new name"})
    assert renamed.json()["status"] == "SUCCESS"
    past = await ada.patch(path, json={"schedule": {"run_at": "2026-12-01T14:00:00Z"}})
    assert past.status_code == 422
    again = await ada.patch(path, json={"schedule": {"run_at": "2026-12-05T13:00:00Z"}})
    assert again.json()["status"] == "PENDING"
    assert again.json()["next_run_time"] == "2026-12-05T13:00:00.000Z"


@pytest.mark.parametrize(
    ("if_match", "status"),
    [('"1"', 200), ("*", 200), ('"1", "7"', 200), ('"2"', 412), ('"x"', 412), ('W/"1"', 200)],
)
async def test_a_change_can_be_bound_to_a_version(
    if_match: str, status: int, ada: AsyncClient
) -> None:
    job = await create_job(ada)
    headers = {"If-Match": if_match}
    path = f"/api/jobs/{job['id']}"
    answer = await ada.patch(path, json={"name": "new"}, headers=headers)
    assert answer.status_code == status


async def test_a_deletion_can_be_bound_to_a_version(ada: AsyncClient) -> None:
    job = await create_job(ada)
    path = f"/api/jobs/{job['id']}"
    assert (await ada.delete(path, headers={"If-Match": '"9"'})).status_code == 412
    assert (await ada.delete(path, headers={"If-Match": '"1"'})).status_code == 204
    assert (await ada.delete(path)).status_code == 404


async def test_changes_of_different_fields_at_once_are_all_kept(ada: AsyncClient) -> None:
    job = await create_job(ada)
    path = f"/api/jobs/{job['id']}"
    changes: list[dict[str, Any]] = [{"name": "A"}, {"description": "B"}, {"overlap": "queue"}]
    answers = await asyncio.gather(*(ada.patch(path, json=change) for change in changes))
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    final = (await ada.get(path)).json()
    assert (final["name"], final["description"], final["overlap"]) == ("A", "B", "queue")
    assert final["version"] == 4


async def test_words_that_look_like_operators_are_only_words(ada: AsyncClient) -> None:
    name, path = "$name {$gt: 1} $$NOW", "$$ROOT"
    job = await create_job(ada, name=name)
    answer = await ada.patch(f"/api/jobs/{job['id']}", json={"description": path})
    assert answer.json()["name"] == name
    assert answer.json()["description"] == path


async def test_secret_headers_come_back_masked_and_the_mask_keeps_the_value(
    ada: AsyncClient, database: Database, job_secrets: JobSecrets
) -> None:
    secret = "Bearer sk-live-123456"
    action = HTTP | {"headers": {"Authorization": secret, "Accept": "text/plain"}}
    job = await create_job(ada, action=action)
    assert job["action"]["headers"] == {"Authorization": "••••3456", "Accept": "text/plain"}
    path = f"/api/jobs/{job['id']}"
    same = {"headers": {"authorization": "••••3456", "Accept": "text/html"}}
    changed = await ada.patch(path, json={"action": same})
    assert changed.json()["action"]["headers"]["authorization"] == "••••3456"
    assert secret not in changed.text
    stored = await database.jobs.find_one({"_id": job["id"]})
    assert stored is not None
    assert secret not in str(stored)
    opened = await job_secrets.opened(job_from(stored).definition, job_id=job["id"])
    assert isinstance(opened.action, HttpAction)
    assert opened.action.headers["authorization"] == secret
    for mask in ("••••9999", "••••"):
        answer = await ada.patch(path, json={"action": {"headers": {"Authorization": mask}}})
        assert answer.json()["errors"][0]["field"] == "action.headers.Authorization"


async def test_a_retry_window_is_optional_and_shown_where_it_was_given(ada: AsyncClient) -> None:
    plain = (await ada.post("/api/jobs", json=job_body())).json()
    assert "window_seconds" not in plain["retry"]
    given = await ada.post("/api/jobs", json=job_body(retry={"window_seconds": 600}))
    assert given.json()["retry"]["window_seconds"] == 600
    path = f"/api/jobs/{given.json()['id']}"
    kept = await ada.patch(path, json={"retry": {"max_retries": 1}})
    assert kept.json()["retry"]["window_seconds"] == 600
    gone = await ada.patch(path, json={"retry": {"window_seconds": None}})
    assert "window_seconds" not in gone.json()["retry"]
    refused = await ada.post("/api/jobs", json=job_body(retry={"window_seconds": 0}))
    assert refused.json()["errors"][0]["field"] == "retry.window_seconds"
