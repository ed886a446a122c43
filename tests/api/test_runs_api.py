from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from cronpp_app.api.run_schemas import RunAnswer, StartedRunAnswer
from cronpp_app.api.schemas import StatsAnswer
from cronpp_app.store.database import Database
from cronpp_app.store.run_documents import run_document
from tests.api.conftest import RETENTION, TestClock
from tests.factories import NOON, job_body, make_job, make_run


async def _job(client: AsyncClient, **changes: Any) -> str:
    return str((await client.post("/api/jobs", json=job_body(**changes))).json()["id"])


async def _me(client: AsyncClient) -> str:
    return str((await client.get("/api/auth/me")).json()["id"])


async def _store(database: Database, client: AsyncClient, **changes: Any) -> Mapping[str, Any]:
    """Put a run as workers leave it into the ledger."""
    fields = {name: changes.pop(name) for name in ("id", "job_id", "fire_time") if name in changes}
    job = make_job(id=fields.pop("job_id", "job-1"), user_id=await _me(client))
    document = dict(run_document(make_run(job, **fields)))
    if changes.get("status") not in {None, "RETRYING", "RUNNING"}:
        del document["wake_at"]
        changes.setdefault("finished_at", document["fire_time"])
    document |= changes
    await database.runs.insert_one(document)
    return document


async def test_runs_are_listed_newest_first_and_only_ones_own(
    ada: AsyncClient, bob: AsyncClient, database: Database
) -> None:
    for n in range(5):
        fire_time = NOON - timedelta(hours=n)
        await _store(database, ada, id=f"run-{n}", fire_time=fire_time, status="SUCCESS")
    await _store(database, bob, id="theirs", status="SUCCESS")
    first = (await ada.get("/api/runs", params={"limit": 3})).json()
    assert [run["id"] for run in first["items"]] == ["run-0", "run-1", "run-2"]
    assert first["total"] == 5
    rest = await ada.get("/api/runs", params={"limit": 3, "cursor": first["next_cursor"]})
    assert [run["id"] for run in rest.json()["items"]] == ["run-3", "run-4"]
    assert rest.json()["next_cursor"] is None
    assert (await bob.get("/api/runs/run-0")).status_code == 404


async def test_runs_are_filtered_by_status_job_and_time(
    ada: AsyncClient, database: Database
) -> None:
    statuses = ["SUCCESS", "FAILED", "SKIPPED", "MISSED", "CANCELLED", "RUNNING", "RETRYING"]
    for n, status in enumerate(statuses):
        fire_time = NOON - timedelta(hours=n)
        await _store(
            database, ada, id=f"run-{n}", job_id=f"job-{n % 2}", fire_time=fire_time, status=status
        )

    async def found(**query: str) -> list[str]:
        answer = await ada.get("/api/runs", params=query)
        return [run["id"] for run in answer.json()["items"]]

    for n, status in enumerate(statuses):
        assert await found(status=status) == [f"run-{n}"]
    assert await found(job_id="job-1") == ["run-1", "run-3", "run-5"]
    span = {"since": "2026-12-01T09:00:00Z", "until": "2026-12-01T13:00:00+02:00"}
    assert await found(**span) == ["run-2", "run-3"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"since": "yesterday"}, "since"),
        ({"since": "2026-12-01T00:00:00"}, "since"),
        ({"until": "2026-01-01T00:00:00Z", "since": "2026-01-02T00:00:00Z"}, "until"),
        ({"status": "LATE"}, "status"),
        ({"cursor": "nonsense"}, "cursor"),
    ],
)
async def test_a_wrong_query_is_refused_by_name(
    query: dict[str, str], field: str, ada: AsyncClient
) -> None:
    answer = await ada.get("/api/runs", params=query)
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_a_run_shows_its_attempts_with_secrets_masked(
    ada: AsyncClient, database: Database
) -> None:
    await _store(database, ada, id="run-1", status="FAILED", attempt_count=2)
    user_id = await _me(ada)
    for number in (1, 2):
        await database.logs.insert_one(
            {
                "_id": f"run-1/{number:04}",
                "run_id": "run-1",
                "user_id": user_id,
                "number": number,
                "worker_id": "worker-1",
                "status": "FAILED",
                "started_at": NOON,
                "finished_at": NOON,
                "duration_ms": 12,
                "request": {
                    "method": "POST",
                    "url": "https://example.org/hook",
                    "headers": [["Authorization", "Bearer sk-live-123456"]],
                    "body": None,
                },
                "response": {
                    "status": 500,
                    "headers": [["Server", "x"]],
                    "body": "no",
                    "body_truncated": False,
                    "size_bytes": 2,
                },
                "error": {"kind": "status", "message": "answered 500"},
            }
        )
    answer = await ada.get("/api/runs/run-1")
    run = answer.json()
    RunAnswer.model_validate(run)
    assert [attempt["number"] for attempt in run["attempts"]] == [1, 2]
    assert run["attempts"][0]["request"]["headers"] == {"Authorization": "••••3456"}
    assert "sk-live" not in answer.text


async def test_a_waiting_run_can_be_cancelled_once(ada: AsyncClient) -> None:
    job_id = await _job(ada)
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
    await _store(database, ada, id="run-1", status="RETRYING", seat="job-1", due_at=NOON)
    await ada.post("/api/runs/run-1/cancel")
    stored = await database.runs.find_one({"_id": "run-1"})
    assert stored is not None
    assert not {"wake_at", "due_at", "seat", "queued", "claim_id"} & stored.keys()
    assert stored["expire_at"] == NOON + RETENTION


async def test_after_its_retry_is_cancelled_a_job_waits_again(
    ada: AsyncClient, database: Database
) -> None:
    job_id = await _job(ada)
    await database.jobs.update_one({"_id": job_id}, {"$set": {"status": "RETRYING"}})
    await _store(database, ada, id="run-1", job_id=job_id, status="RETRYING")
    await ada.post("/api/runs/run-1/cancel")
    job = (await ada.get(f"/api/jobs/{job_id}")).json()
    assert job["status"] == "PENDING"
    assert job["last_run"]["status"] == "CANCELLED"


async def test_the_cancellation_of_a_running_run_is_accepted_and_may_be_repeated(
    ada: AsyncClient, bob: AsyncClient, database: Database
) -> None:
    await _store(database, ada, id="run-1", status="RUNNING", attempt_count=1, claim_id="c")
    open_record = {"_id": "run-1/0001", "status": "RUNNING", "started_at": NOON}
    await database.logs.insert_one(open_record)
    assert (await bob.post("/api/runs/run-1/cancel")).status_code == 404
    for _ in range(2):
        answer = await ada.post("/api/runs/run-1/cancel")
        assert answer.status_code == 202
        assert answer.json()["run"]["reason"] == "Cancelled by hand."
    assert (await ada.get("/api/runs/run-1")).json()["attempts"][0]["status"] == "CANCELLED"


async def test_a_running_run_cannot_be_retried(ada: AsyncClient, database: Database) -> None:
    await _store(database, ada, id="run-1", status="RUNNING")
    assert (await ada.post("/api/runs/run-1/retry")).status_code == 409


async def test_a_retry_starts_at_once_what_waits_for_its_next_attempt(
    ada: AsyncClient, database: Database
) -> None:
    later = NOON + timedelta(hours=1)
    await _store(database, ada, id="run-1", status="RETRYING", wake_at=later, attempt_count=1)
    answer = await ada.post("/api/runs/run-1/retry")
    assert answer.status_code == 202
    run = answer.json()["run"]
    assert (run["id"], run["status"]) == ("run-1", "RETRYING")
    stored = await database.runs.find_one({"_id": "run-1"})
    assert stored is not None
    assert stored["wake_at"] <= await database.server_time()


async def test_a_retry_of_a_final_run_is_a_new_one(ada: AsyncClient, database: Database) -> None:
    job_id = await _job(ada)
    await _store(database, ada, id="run-1", job_id=job_id, status="FAILED")
    run = (await ada.post("/api/runs/run-1/retry")).json()["run"]
    assert (run["trigger"], run["status"], run["job_id"]) == ("replay", "PENDING", job_id)
    assert run["id"] != "run-1"


async def test_nothing_is_replayed_after_its_job_is_gone(
    ada: AsyncClient, database: Database
) -> None:
    await _store(database, ada, id="run-1", job_id="gone", status="FAILED")
    assert (await ada.post("/api/runs/run-1/retry")).status_code == 409


async def test_a_new_due_run_rings_for_the_workers(ada: AsyncClient, database: Database) -> None:
    job_id = await _job(ada)
    await ada.post(f"/api/jobs/{job_id}/run")
    bell = await database.notices.find_one({"_id": "due"})
    assert bell is not None
    assert bell["count"] == 1


async def test_a_schedule_is_previewed_in_words_and_instants(ada: AsyncClient) -> None:
    schedule = {"kind": "cron", "cron": "30 2 * * *", "timezone": "Europe/Berlin"}
    body = {"schedule": schedule, "after": "2027-03-27T12:00:00Z", "count": 2}
    answer = await ada.post("/api/schedules/preview", json=body)
    assert answer.status_code == 200
    assert answer.json()["fire_times"] == ["2027-03-28T01:00:00.000Z", "2027-03-29T00:30:00.000Z"]
    assert "02:30" in answer.json()["description"]
    assert any("28 March 2027" in note for note in answer.json()["notes"])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"count": 0}, "count"),
        ({"count": 101}, "count"),
        ({"after": "soon"}, "after"),
        ({"after": "9999-01-01T00:00:00Z"}, "after"),
        ({"schedule": {"kind": "cron", "cron": "61 * * * *"}}, "schedule.cron"),
        ({"schedule": {"kind": "cron", "cron": "0 0 30 2 *"}}, "schedule.cron"),
        ({"schedule": {"kind": "moon"}}, "schedule.kind"),
        ({"schedule": None}, "schedule"),
    ],
)
async def test_a_wrong_preview_is_refused_by_name(
    changes: dict[str, Any], field: str, ada: AsyncClient
) -> None:
    body = {"schedule": {"kind": "cron", "cron": "0 * * * *"}} | changes
    answer = await ada.post("/api/schedules/preview", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


async def test_statistics_count_jobs_by_status_and_results_by_hour(
    ada: AsyncClient, bob: AsyncClient, database: Database, clock: TestClock
) -> None:
    clock.now = NOON + timedelta(minutes=30)
    await _job(ada)
    await _job(ada, enabled=False)
    ended = [
        ("SUCCESS", NOON + timedelta(minutes=5), 10),
        ("FAILED", NOON + timedelta(minutes=6), 30),
        ("SUCCESS", NOON - timedelta(minutes=1), 20),
        ("SUCCESS", NOON - timedelta(hours=24), 999_999),
        ("SKIPPED", NOON, None),
    ]
    for n, (status, finished_at, lateness_ms) in enumerate(ended):
        extra = {} if lateness_ms is None else {"lateness_ms": lateness_ms}
        await _store(database, ada, id=f"run-{n}", status=status, finished_at=finished_at, **extra)
    stats = (await ada.get("/api/stats")).json()
    StatsAnswer.model_validate(stats)
    assert stats["counts"]["PENDING"] == 1
    assert stats["counts"]["PAUSED"] == 1
    assert len(stats["hours"]) == 24
    assert stats["hours"][-1] == {"start": "2026-12-01T12:00:00.000Z", "succeeded": 1, "failed": 1}
    assert stats["hours"][-2]["succeeded"] == 1
    assert (stats["runs_24h"], stats["failed_24h"]) == (3, 1)
    assert stats["success_rate"] == pytest.approx(2 / 3)
    assert (stats["lateness_p50_ms"], stats["lateness_p99_ms"]) == (20, 30)
    empty = (await bob.get("/api/stats")).json()
    assert (empty["runs_24h"], empty["success_rate"], empty["lateness_p50_ms"]) == (0, None, None)


async def test_all_failed_runs_of_a_filter_are_replayed_in_one_request(
    ada: AsyncClient, bob: AsyncClient, database: Database
) -> None:
    mine, theirs = await _job(ada), await _job(bob)
    for n in range(3):
        fire_time = NOON - timedelta(hours=n)
        fields = {"job_id": mine, "fire_time": fire_time, "status": "FAILED", "attempt_count": 4}
        await _store(
            database, ada, id=f"failed-{n}", error={"kind": "dns", "message": "?"}, **fields
        )
    earlier = NOON - timedelta(hours=1)
    await _store(database, ada, id="fine", job_id=mine, fire_time=earlier, status="SUCCESS")
    await _store(database, ada, id="orphan", job_id="gone", fire_time=earlier, status="FAILED")
    await _store(database, bob, id="theirs", job_id=theirs, fire_time=earlier, status="FAILED")
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
