"""Cancelling, retrying and replaying runs."""

from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from cronpp_app.api.run_schemas import StartedRunAnswer
from cronpp_app.store.database import Database
from tests.api.conftest import RETENTION
from tests.api.stored_runs import new_job, store_run
from tests.factories import NOON


async def test_a_waiting_run_can_be_cancelled_once(ada: AsyncClient) -> None:
    job_id = await new_job(ada)
    run = (await ada.post(f"/api/jobs/{job_id}/run")).json()["run"]
    answer = await ada.post(f"/api/runs/{run['id']}/cancel")
    assert answer.status_code == 202
    StartedRunAnswer.model_validate(answer.json())
    assert answer.json()["run"]["status"] == "CANCELLED"
    assert answer.json()["run"]["finished_at"] == "2026-12-01T12:00:00.000Z"
    assert (await ada.post(f"/api/runs/{run['id']}/cancel")).status_code == 409


async def test_a_cancelled_run_leaves_the_queue_and_its_seat(
    ada: AsyncClient, database: Database
) -> None:
    await store_run(database, ada, id="run-1", status="RETRYING", seat="job-1", due_at=NOON)
    await ada.post("/api/runs/run-1/cancel")
    stored = await database.runs.find_one({"_id": "run-1"})
    assert stored is not None
    assert not {"wake_at", "due_at", "seat", "queued", "claim_id"} & stored.keys()
    assert stored["expire_at"] == NOON + RETENTION


async def test_after_its_retry_is_cancelled_a_job_waits_again(
    ada: AsyncClient, database: Database
) -> None:
    job_id = await new_job(ada)
    await database.jobs.update_one({"_id": job_id}, {"$set": {"status": "RETRYING"}})
    await store_run(database, ada, id="run-1", job_id=job_id, status="RETRYING")
    await ada.post("/api/runs/run-1/cancel")
    job = (await ada.get(f"/api/jobs/{job_id}")).json()
    assert job["status"] == "PENDING"
    assert job["last_run"]["status"] == "CANCELLED"


async def test_the_cancellation_of_a_running_run_is_accepted_and_may_be_repeated(
    ada: AsyncClient, bob: AsyncClient, database: Database
) -> None:
    await store_run(database, ada, id="run-1", status="RUNNING", attempt_count=1, claim_id="c")
    open_record = {"_id": "run-1/0001", "status": "RUNNING", "started_at": NOON}
    await database.logs.insert_one(open_record)
    assert (await bob.post("/api/runs/run-1/cancel")).status_code == 404
    for _ in range(2):
        answer = await ada.post("/api/runs/run-1/cancel")
        assert answer.status_code == 202
        assert answer.json()["run"]["reason"] == "Cancelled by hand."
    assert (await ada.get("/api/runs/run-1")).json()["attempts"][0]["status"] == "CANCELLED"


async def test_a_running_run_cannot_be_retried(ada: AsyncClient, database: Database) -> None:
    await store_run(database, ada, id="run-1", status="RUNNING")
    assert (await ada.post("/api/runs/run-1/retry")).status_code == 409


async def test_a_retry_starts_at_once_what_waits_for_its_next_attempt(
    ada: AsyncClient, database: Database
) -> None:
    later = NOON + timedelta(hours=1)
    await store_run(database, ada, id="run-1", status="RETRYING", wake_at=later, attempt_count=1)
    answer = await ada.post("/api/runs/run-1/retry")
    assert answer.status_code == 202
    run = answer.json()["run"]
    assert (run["id"], run["status"]) == ("run-1", "RETRYING")
    stored = await database.runs.find_one({"_id": "run-1"})
    assert stored is not None
    assert stored["wake_at"] <= await database.server_time()


async def test_a_retry_of_a_final_run_is_a_new_one(ada: AsyncClient, database: Database) -> None:
    job_id = await new_job(ada)
    await store_run(database, ada, id="run-1", job_id=job_id, status="FAILED")
    run = (await ada.post("/api/runs/run-1/retry")).json()["run"]
    assert (run["trigger"], run["status"], run["job_id"]) == ("replay", "PENDING", job_id)
    assert run["id"] != "run-1"


async def test_nothing_is_replayed_after_its_job_is_gone(
    ada: AsyncClient, database: Database
) -> None:
    await store_run(database, ada, id="run-1", job_id="gone", status="FAILED")
    assert (await ada.post("/api/runs/run-1/retry")).status_code == 409


async def test_a_new_due_run_rings_for_the_workers(ada: AsyncClient, database: Database) -> None:
    job_id = await new_job(ada)
    await ada.post(f"/api/jobs/{job_id}/run")
    rung = [ring["notice"] async for ring in database.rings.find()]
    assert rung == ["due"]


async def test_all_failed_runs_of_a_filter_are_replayed_in_one_request(
    ada: AsyncClient, bob: AsyncClient, database: Database
) -> None:
    mine, theirs = await new_job(ada), await new_job(bob)
    for n in range(3):
        fire_time = NOON - timedelta(hours=n)
        fields = {"job_id": mine, "fire_time": fire_time, "status": "FAILED", "attempt_count": 4}
        await store_run(
            database, ada, id=f"failed-{n}", error={"kind": "dns", "message": "?"}, **fields
        )
    earlier = NOON - timedelta(hours=1)
    await store_run(database, ada, id="fine", job_id=mine, fire_time=earlier, status="SUCCESS")
    await store_run(database, ada, id="orphan", job_id="gone", fire_time=earlier, status="FAILED")
    await store_run(database, bob, id="theirs", job_id=theirs, fire_time=earlier, status="FAILED")
    body = {"filter": {"since": "2026-12-01T10:30:00Z"}}
    answer = await ada.post("/api/runs/replay", json=body)
    assert (answer.status_code, answer.json()) == (200, {"matched": 2, "changed": 1})
    (replay,) = (await ada.get("/api/runs", params={"status": "PENDING"})).json()["items"]
    assert (replay["trigger"], replay["job_id"], replay["error"]) == ("replay", mine, None)
    assert (replay["attempt_count"], replay["fire_time"]) == (0, "2026-12-01T12:00:00.000Z")
    assert (await bob.get("/api/runs", params={"status": "PENDING"})).json()["items"] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "filter"),
        ({"filter": {"status": "RUNNING"}}, "filter.status"),
        ({"filter": {"state": "FAILED"}}, "filter.state"),
        (
            {"filter": {"since": "2026-12-02T00:00:00Z", "until": "2026-12-01T00:00:00Z"}},
            "filter.until",
        ),
    ],
)
async def test_a_wrong_replay_is_refused_by_name(
    body: dict[str, Any], field: str, ada: AsyncClient
) -> None:
    answer = await ada.post("/api/runs/replay", json=body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
