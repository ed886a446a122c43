"""Pausing, resuming, copying jobs, and running them by hand."""

from datetime import timedelta

from httpx import AsyncClient

from cronpp_app.api.run_schemas import ListedRunAnswer
from cronpp_app.api.schemas import PageAnswer
from tests.api.conftest import TestClock
from tests.api.created_jobs import create_job
from tests.factories import job_body


async def test_a_paused_job_has_no_next_time_and_a_resumed_one_catches_nothing_up(
    ada: AsyncClient, clock: TestClock
) -> None:
    job = await create_job(ada)
    path = f"/api/jobs/{job['id']}"
    paused = (await ada.post(f"{path}/pause")).json()
    assert (paused["status"], paused["enabled"], paused["next_run_time"]) == ("PAUSED", False, None)
    assert (await ada.post(f"{path}/pause")).json() == paused
    clock.now += timedelta(hours=5)
    resumed = (await ada.post(f"{path}/resume")).json()
    assert resumed["status"] == "PENDING"
    assert resumed["next_run_time"] == "2026-12-01T18:00:00.000Z"
    assert (await ada.post(f"{path}/resume")).json() == resumed


async def test_enabled_can_be_patched(ada: AsyncClient) -> None:
    job = await create_job(ada)
    path = f"/api/jobs/{job['id']}"
    paused = (await ada.patch(path, json={"enabled": False, "name": "later"})).json()
    assert (paused["status"], paused["name"]) == ("PAUSED", "later")
    assert (await ada.patch(path, json={"enabled": True})).json()["status"] == "PENDING"


async def test_a_job_whose_schedule_has_ended_cannot_be_resumed(
    ada: AsyncClient, clock: TestClock
) -> None:
    job = await create_job(ada, schedule={"kind": "once", "run_at": "2026-12-01T13:00:00Z"})
    path = f"/api/jobs/{job['id']}"
    await ada.post(f"{path}/pause")
    clock.now += timedelta(days=1)
    assert (await ada.post(f"{path}/resume")).status_code == 409


async def test_pausing_and_deleting_cancel_what_waits(ada: AsyncClient) -> None:
    for end in ("pause", "delete"):
        job = await create_job(ada)
        path = f"/api/jobs/{job['id']}"
        run = (await ada.post(f"{path}/run")).json()["run"]
        await (ada.delete(path) if end == "delete" else ada.post(f"{path}/pause"))
        ended = (await ada.get(f"/api/runs/{run['id']}")).json()
        assert ended["status"] == "CANCELLED"
        assert end in ended["reason"]


async def test_a_copy_is_paused_and_says_that_it_is_one(ada: AsyncClient) -> None:
    job = await create_job(ada, name="n" * 200, tags=["billing"])
    copy = (await ada.post(f"/api/jobs/{job['id']}/duplicate")).json()
    assert copy["status"] == "PAUSED"
    assert len(copy["name"]) == 200
    assert copy["name"].endswith(" (copy)")
    assert copy["id"] != job["id"]
    assert copy["tags"] == ["billing"]


async def test_a_run_by_hand_does_not_move_the_schedule_and_works_while_paused(
    ada: AsyncClient,
) -> None:
    job = await create_job(ada, enabled=False)
    answer = await ada.post(f"/api/jobs/{job['id']}/run")
    assert answer.status_code == 202
    run = answer.json()["run"]
    assert (run["trigger"], run["status"]) == ("manual", "PENDING")
    assert (await ada.get(f"/api/jobs/{job['id']}")).json()["next_run_time"] is None
    listed = (await ada.get(f"/api/jobs/{job['id']}/runs")).json()
    PageAnswer[ListedRunAnswer].model_validate(listed)
    assert [item["id"] for item in listed["items"]] == [run["id"]]


async def test_resuming_says_how_many_fire_times_passed_meanwhile(
    ada: AsyncClient, clock: TestClock
) -> None:
    job_id = (await ada.post("/api/jobs", json=job_body())).json()["id"]
    await ada.post(f"/api/jobs/{job_id}/pause")
    clock.now += timedelta(hours=5, minutes=1)
    answer = await ada.post(f"/api/jobs/{job_id}/resume")
    assert answer.headers["X-Cronpp-Skipped"] == "5"
    assert answer.json()["next_run_time"] == "2026-12-01T18:00:00.000Z"
    again = await ada.post(f"/api/jobs/{job_id}/resume")
    assert again.headers["X-Cronpp-Skipped"] == "0"
