"""One operation on many jobs: the same as on each of them, and on nobody else's."""

from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from cronpp_app.services.texts import moment_text
from cronpp_app.store.database import Database
from tests.api.conftest import TestClock
from tests.factories import NOON, job_body

HOURLY_UNTIL_ONE = {
    "kind": "cron",
    "cron": "0 * * * *",
    "end_at": moment_text(NOON + timedelta(minutes=90)),
}


async def _make(client: AsyncClient, **changes: Any) -> str:
    answer = await client.post("/api/jobs", json=job_body(**changes))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def _bulk(client: AsyncClient, operation: str, **which: Any) -> tuple[int, int]:
    answer = await client.post("/api/jobs/bulk", json={"operation": operation, **which})
    assert answer.status_code == 200, answer.text
    assert answer.json().keys() == {"matched", "changed"}
    return answer.json()["matched"], answer.json()["changed"]


async def _statuses(client: AsyncClient) -> dict[str, str]:
    items = (await client.get("/api/jobs")).json()["items"]
    return {job["name"]: job["status"] for job in items}


@pytest.fixture
async def three(ada: AsyncClient) -> list[str]:
    """Jobs A, B and C of Ada; B and C are tagged night."""
    return [
        await _make(ada, name="A"),
        await _make(ada, name="B", tags=["night"]),
        await _make(ada, name="C", tags=["night"]),
    ]


async def test_jobs_of_a_filter_are_paused_and_the_others_are_not(
    ada: AsyncClient, three: list[str]
) -> None:
    assert await _bulk(ada, "pause", filter={"tag": "night"}) == (2, 2)
    assert await _statuses(ada) == {"A": "PENDING", "B": "PAUSED", "C": "PAUSED"}
    assert await _bulk(ada, "pause", filter={}) == (3, 1)
    paused = (await ada.get(f"/api/jobs/{three[0]}")).json()
    assert (paused["enabled"], paused["next_run_time"]) == (False, None)


async def test_what_a_change_takes_out_of_its_own_filter_is_changed_all_the_same(
    ada: AsyncClient, database: Database
) -> None:
    document = dict(await database.jobs.find_one({"_id": await _make(ada)}) or {})
    copies = [document | {"_id": f"copy-{number:04}"} for number in range(600)]
    await database.jobs.insert_many(copies)
    assert await _bulk(ada, "pause", filter={"status": "PENDING"}) == (601, 601)
    assert await _bulk(ada, "resume", filter={"status": "PAUSED"}) == (601, 601)
    assert await database.jobs.count_documents({"enabled": True, "status": "PENDING"}) == 601


async def test_pausing_cancels_what_waits_of_those_just_paused(
    ada: AsyncClient, three: list[str]
) -> None:
    await ada.post(f"/api/jobs/{three[0]}/pause")
    runs = [(await ada.post(f"/api/jobs/{job_id}/run")).json()["run"]["id"] for job_id in three]
    assert await _bulk(ada, "pause", ids=three) == (3, 2)
    ended = [(await ada.get(f"/api/runs/{run_id}")).json() for run_id in runs]
    assert [run["status"] for run in ended] == ["PENDING", "CANCELLED", "CANCELLED"]
    assert ended[1]["reason"] == "The job was paused."
    assert ended[1]["finished_at"] == moment_text(NOON)


async def test_resuming_gives_every_job_its_own_next_fire_time(
    ada: AsyncClient, clock: TestClock
) -> None:
    hourly = await _make(ada, name="A")
    daily = await _make(ada, name="B", schedule={"kind": "cron", "cron": "0 6 * * *"})
    ended = await _make(ada, name="C", schedule=HOURLY_UNTIL_ONE)
    await _bulk(ada, "pause", filter={})
    clock.now += timedelta(hours=3)
    assert await _bulk(ada, "resume", filter={}) == (3, 2)
    resumed = [(await ada.get(f"/api/jobs/{job_id}")).json() for job_id in (hourly, daily, ended)]
    assert [job["next_run_time"] for job in resumed] == [
        "2026-12-01T16:00:00.000Z",
        "2026-12-02T06:00:00.000Z",
        None,
    ]
    assert [job["status"] for job in resumed] == ["PENDING", "PENDING", "PAUSED"]


async def test_running_makes_one_run_of_each_job_even_if_paused(
    ada: AsyncClient, three: list[str]
) -> None:
    await ada.post(f"/api/jobs/{three[0]}/pause")
    assert await _bulk(ada, "run", ids=[*three, three[0]]) == (3, 3)
    runs = (await ada.get("/api/runs")).json()["items"]
    assert sorted(run["job_name"] for run in runs) == ["A", "B", "C"]
    assert {run["trigger"] for run in runs} == {"manual"}


async def test_deleting_cancels_what_waits(ada: AsyncClient, three: list[str]) -> None:
    run = (await ada.post(f"/api/jobs/{three[1]}/run")).json()["run"]["id"]
    assert await _bulk(ada, "delete", filter={"q": "b"}) == (1, 1)
    assert (await ada.get(f"/api/jobs/{three[1]}")).status_code == 404
    assert (await ada.get(f"/api/runs/{run}")).json()["reason"] == "The job was deleted."
    assert await _statuses(ada) == {"A": "PENDING", "C": "PENDING"}


@pytest.mark.parametrize("operation", ["pause", "resume", "run", "delete"])
async def test_jobs_of_others_are_neither_matched_nor_touched(
    operation: str, ada: AsyncClient, bob: AsyncClient, three: list[str]
) -> None:
    await ada.post(f"/api/jobs/{three[0]}/pause")
    before = await _statuses(ada)
    assert await _bulk(bob, operation, ids=[*three, "no-such-job"]) == (0, 0)
    assert await _bulk(bob, operation, filter={}) == (0, 0)
    assert await _statuses(ada) == before
    assert (await ada.get("/api/runs")).json()["total"] == 0


async def test_a_repeated_request_runs_the_jobs_once(ada: AsyncClient, three: list[str]) -> None:
    body = {"ids": three, "operation": "run"}
    answers = [
        await ada.post("/api/jobs/bulk", json=body, headers={"Idempotency-Key": "k"})
        for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json() == {"matched": 3, "changed": 3}
    assert (await ada.get("/api/runs")).json()["total"] == 3


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"operation": "pause"}, "ids"),
        ({"operation": "pause", "ids": ["a"], "filter": {}}, "ids"),
        ({"operation": "pause", "ids": []}, "ids"),
        ({"operation": "pause", "ids": [1]}, "ids.0"),
        ({"operation": "pause", "ids": "a"}, "ids"),
        ({"operation": "explode", "ids": ["a"]}, "operation"),
        ({"ids": ["a"]}, "operation"),
        ({"operation": "pause", "filter": {"status": "BUSY"}}, "filter.status"),
        ({"operation": "pause", "filter": {"colour": "red"}}, "filter.colour"),
        ({"operation": "pause", "filter": {}, "dry": True}, "dry"),
    ],
)
async def test_an_unclear_request_changes_nothing_and_names_the_field(
    body: dict[str, Any], field: str, ada: AsyncClient, three: list[str]
) -> None:
    answer = await ada.post("/api/jobs/bulk", json=body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert "PAUSED" not in (await _statuses(ada)).values()
