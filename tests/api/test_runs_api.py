from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from cronpp_app.api.run_schemas import RunAnswer
from cronpp_app.api.schemas import StatsAnswer
from cronpp_app.store.database import Database
from tests.api.conftest import TestClock
from tests.api.stored_runs import id_of, new_job, store_run
from tests.factories import NOON


async def test_runs_are_listed_newest_first_and_only_ones_own(
    ada: AsyncClient, bob: AsyncClient, database: Database
) -> None:
    for n in range(5):
        fire_time = NOON - timedelta(hours=n)
        await store_run(database, ada, id=f"run-{n}", fire_time=fire_time, status="SUCCESS")
    await store_run(database, bob, id="theirs", status="SUCCESS")
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
        await store_run(
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
    await store_run(database, ada, id="run-1", status="FAILED", attempt_count=2)
    user_id = await id_of(ada)
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


async def test_a_schedule_is_previewed_in_words_and_instants(ada: AsyncClient) -> None:
    schedule = {"kind": "cron", "cron": "30 2 * * *", "timezone": "Europe/Berlin"}
    body = {"schedule": schedule, "after": "2027-03-27T12:00:00Z", "count": 2}
    answer = await ada.post("/api/schedules/preview", json=body)
    assert answer.status_code == 200
    assert answer.json()["fire_times"] == ["2027-03-28T01:00:00.000Z", "2027-03-29T00:30:00.000Z"]
    assert "02:30" in answer.json()["description"]
    assert any("28 March 2027" in note for note in answer.json()["notes"])


async def test_a_preview_looks_a_hundred_years_ahead_at_most(ada: AsyncClient) -> None:
    """To find a hundred leap days, the clock changes of four hundred years were looked up."""
    body = {"after": "2027-01-01T00:00:00Z", "count": 100}
    schedule = {"kind": "cron", "timezone": "Europe/Berlin"}
    for cron, count, last in (("0 0 29 2 *", 24, "2124-02-28"), ("@yearly", 100, "2126-12-31")):
        body["schedule"] = schedule | {"cron": cron}
        fires = (await ada.post("/api/schedules/preview", json=body)).json()["fire_times"]
        assert (len(fires), fires[-1]) == (count, f"{last}T23:00:00.000Z")


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
    await new_job(ada)
    await new_job(ada, enabled=False)
    ended = [
        ("SUCCESS", NOON + timedelta(minutes=5), 10),
        ("FAILED", NOON + timedelta(minutes=6), 30),
        ("SUCCESS", NOON - timedelta(minutes=1), 20),
        ("SUCCESS", NOON - timedelta(hours=24), 999_999),
        ("SKIPPED", NOON, None),
    ]
    for n, (status, finished_at, lateness_ms) in enumerate(ended):
        extra = {} if lateness_ms is None else {"lateness_ms": lateness_ms}
        await store_run(
            database, ada, id=f"run-{n}", status=status, finished_at=finished_at, **extra
        )
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
