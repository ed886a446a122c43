"""All one's jobs as a file, and back: complete, masked, and all or nothing."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from pymongo.errors import AutoReconnect

from cronpp_app.domain.jobs import Job
from cronpp_app.services.job_secrets import JobSecrets
from cronpp_app.services.texts import moment_text
from cronpp_app.store import bulk
from cronpp_app.store.bulk import BulkJobStore
from cronpp_app.store.database import Database
from cronpp_app.store.job_documents import job_from
from tests.api.conftest import TestClock
from tests.factories import HOOK, NOON, job_body

SECRET = {"kind": "http", "method": "GET", "url": HOOK, "headers": {"X-Api-Key": "abcdefgh1234"}}
ONCE = {"kind": "once", "run_at": moment_text(NOON + timedelta(hours=1))}


async def _make(client: AsyncClient, **changes: Any) -> str:
    answer = await client.post("/api/jobs", json=job_body(**changes))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def _export(client: AsyncClient) -> dict[str, Any]:
    answer = await client.get("/api/export")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    exported: dict[str, Any] = answer.json()
    return exported


async def test_what_is_exported_comes_back_as_it_was(ada: AsyncClient, bob: AsyncClient) -> None:
    interval = {"kind": "interval", "every_seconds": 90, "start_at": "2026-12-01T12:00:30Z"}
    await _make(ada, name="A", tags=["billing"], retry={"max_retries": 7})
    await _make(ada, name="B", schedule=interval, action={"kind": "log", "message": "hi"})
    await _make(ada, name="C", enabled=False, overlap="queue", description="Two\nlines")
    exported = await _export(ada)
    answer = await bob.post("/api/import", json=exported)
    assert answer.status_code == 201
    assert (answer.json()["created"], len(answer.json()["ids"])) == (3, 3)
    copied = await _export(bob)
    assert [job["id"] for job in copied["jobs"]] == answer.json()["ids"]

    def without_ids(export: dict[str, Any]) -> list[dict[str, Any]]:
        return [{name: job[name] for name in job if name != "id"} for job in export["jobs"]]

    assert without_ids(copied) == without_ids(exported)
    paused = (await bob.get(f"/api/jobs/{copied['jobs'][2]['id']}")).json()
    assert (paused["status"], paused["next_run_time"]) == ("PAUSED", None)


async def test_an_export_of_many_jobs_is_whole(ada: AsyncClient, database: Database) -> None:
    document = dict(await database.jobs.find_one({"_id": await _make(ada)}) or {})
    await database.jobs.insert_many([document | {"_id": f"copy-{n:04}"} for n in range(450)])
    jobs = (await _export(ada))["jobs"]
    assert len({job["id"] for job in jobs}) == len(jobs) == 451


async def test_nobody_exports_anothers_jobs(ada: AsyncClient, bob: AsyncClient) -> None:
    await _make(ada)
    assert (await _export(bob))["jobs"] == []


async def test_a_dry_run_tells_what_would_be_made_and_makes_nothing(ada: AsyncClient) -> None:
    body = {"jobs": [job_body(name="A"), job_body(name="B", enabled=False)]}
    answer = await ada.post("/api/import?dry_run=true", json=body)
    assert answer.status_code == 200
    assert answer.json() == {
        "dry_run": True,
        "created": 2,
        "ids": [],
        "jobs": [
            {"name": "A", "enabled": True, "next_run_time": "2026-12-01T13:00:00.000Z"},
            {"name": "B", "enabled": False, "next_run_time": None},
        ],
    }
    assert (await ada.get("/api/jobs")).json()["total"] == 0


async def test_one_wrong_job_keeps_all_of_them_out_and_every_problem_is_named(
    ada: AsyncClient,
) -> None:
    jobs = [
        job_body(),
        job_body(schedule={"kind": "cron", "cron": "61 * * * *"}, name=""),
        "a job",
        job_body(colour="red"),
    ]
    for dry_run in ("true", "false"):
        answer = await ada.post(f"/api/import?dry_run={dry_run}", json={"jobs": jobs})
        assert answer.status_code == 422
        fields = sorted(error["field"] for error in answer.json()["errors"])
        assert fields == ["jobs[1].name", "jobs[1].schedule.cron", "jobs[2]", "jobs[3].colour"]
    assert (await ada.get("/api/jobs")).json()["total"] == 0


async def test_nothing_is_made_when_the_database_refuses_half_way(
    ada: AsyncClient, database: Database
) -> None:
    unwanted = {"$jsonSchema": {"properties": {"name": {"not": {"enum": ["unwanted"]}}}}}
    await database.raw.command("collMod", "jobs", validator=unwanted)
    jobs = [job_body(name=f"Job {number}") for number in range(501)] + [job_body(name="unwanted")]
    assert (await ada.post("/api/import", json={"jobs": jobs})).status_code == 500
    assert await database.jobs.count_documents({}) == 0


async def test_a_mask_keeps_the_value_of_the_job_it_was_exported_from(
    ada: AsyncClient, bob: AsyncClient, database: Database, job_secrets: JobSecrets
) -> None:
    job_id = await _make(ada, action=SECRET)
    exported = await _export(ada)
    assert exported["jobs"][0]["action"]["headers"] == {"X-Api-Key": "••••1234"}
    refused = await bob.post("/api/import", json=exported)
    assert refused.status_code == 422
    (problem,) = refused.json()["errors"]
    assert problem["field"] == "jobs[0].action.headers.X-Api-Key"
    assert "mask" in problem["message"]
    made = (await ada.post("/api/import", json=exported)).json()["ids"][0]
    stored = [await database.jobs.find_one({"_id": one}) for one in (job_id, made)]
    original, copy = [
        await job_secrets.opened(job_from(job).definition, job_id=job["_id"])
        for job in stored
        if job
    ]
    assert copy.action == original.action
    assert SECRET["headers"]["X-Api-Key"] not in str(stored)


async def test_a_one_off_that_is_over_comes_back_as_one_that_is_not_enabled(
    ada: AsyncClient, bob: AsyncClient, clock: TestClock, database: Database
) -> None:
    await _make(ada, schedule=ONCE)
    await database.jobs.update_one(
        {}, {"$set": {"status": "SUCCESS"}, "$unset": {"next_run_time": ""}}
    )
    clock.now += timedelta(days=1)
    exported = await _export(ada)
    assert exported["jobs"][0]["enabled"] is False
    made = (await bob.post("/api/import", json=exported)).json()["ids"][0]
    assert (await bob.get(f"/api/jobs/{made}")).json()["schedule"]["run_at"] == ONCE["run_at"]
    assert (await bob.post(f"/api/jobs/{made}/resume")).status_code == 409
    exported["jobs"][0]["enabled"] = True
    refused = await bob.post("/api/import", json=exported)
    assert refused.json()["errors"][0]["field"] == "jobs[0].schedule.run_at"


async def test_a_repeated_import_makes_the_jobs_once(ada: AsyncClient) -> None:
    body = {"jobs": [job_body()]}
    answers = [
        await ada.post("/api/import", json=body, headers={"Idempotency-Key": "k"}) for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert (await ada.get("/api/jobs")).json()["total"] == 1


async def test_an_import_may_be_larger_than_other_requests_but_not_without_end(
    ada: AsyncClient,
) -> None:
    text = "x" * 2_000
    jobs = [job_body(description=text) for _ in range(600)]
    assert (await ada.post("/api/import?dry_run=1", json={"jobs": jobs})).status_code == 200
    headers = {"Content-Length": str(16 * 1024 * 1024 + 1), "Content-Type": "application/json"}
    answer = await ada.post("/api/import", content=b"{}", headers=headers)
    assert answer.status_code == 413
    assert "16 MiB" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], "request"),
        ({}, "jobs"),
        ({"jobs": {}}, "jobs"),
        ({"jobs": [], "format": "crontab"}, "format"),
        ({"jobs": [], "exported_at": 5}, "exported_at"),
        ({"jobs": [], "owner": "bob"}, "owner"),
        ({"jobs": [{}] * 20_001}, "jobs"),
        ({"jobs": [job_body(id=7)]}, "jobs[0].id"),
    ],
)
async def test_what_is_not_an_export_is_refused(body: Any, field: str, ada: AsyncClient) -> None:
    answer = await ada.post("/api/import", json=body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_very_many_jobs_are_imported_in_steps_and_none_is_left_if_one_fails(
    ada: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "_IN_ONE_TRANSACTION", 2)
    steps, add = 0, BulkJobStore._add

    async def third_fails(store: BulkJobStore, jobs: Sequence[Job]) -> bool:
        nonlocal steps
        steps += 1
        if steps == 3:
            raise AutoReconnect("the primary stepped down")
        return await add(store, jobs)

    monkeypatch.setattr(BulkJobStore, "_add", third_fails)
    many = {"jobs": [job_body(name=f"Job {number}") for number in range(7)]}
    assert (await ada.post("/api/import", json=many)).status_code == 503
    assert (await ada.get("/api/jobs")).json()["total"] == 0
    assert (await ada.post("/api/import", json=many)).status_code == 201
    assert (await ada.get("/api/jobs")).json()["total"] == 7
