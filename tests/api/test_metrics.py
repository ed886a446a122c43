"""What monitoring reads: true, complete, growing, and nothing of anybody's own."""

import subprocess
from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from prometheus_client.parser import text_string_to_metric_families

from cronpp_app.store.counters import CounterStore
from cronpp_app.store.database import Database
from cronpp_app.store.runs import RunStore
from cronpp_app.store.workers import WorkerInfo, WorkerStore
from tests.api.conftest import RETENTION
from tests.factories import NOON, job_body, make_job, make_run
from tests.find_promtool import find_promtool

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


async def _text(client: AsyncClient) -> str:
    answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    return answer.text


async def _samples(client: AsyncClient) -> Samples:
    families = text_string_to_metric_families(await _text(client))
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def _of(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, tuple(sorted(labels.items()))]


async def _end_a_run(database: Database, number: int, **fields: Any) -> None:
    """Have a worker record the end of a run."""
    runs = RunStore(database, retention=RETENTION)
    run = make_run(make_job(id=f"job-{number}"), id=f"run-{number}", claim_id="c")
    await runs.add([run])
    await database.runs.update_one(
        {"_id": run.id}, {"$set": {"claim_id": "c", "status": "RUNNING"}}
    )
    outcome = {"status": "SUCCESS", "finished_at": NOON, "duration_ms": 40, "lateness_ms": 3}
    assert await runs.finish([(run, outcome | fields)]) == 0


async def test_everything_operators_expect_is_there_from_the_first_scrape_on(
    stranger: AsyncClient,
) -> None:
    samples = await _samples(stranger)
    for status in ("SUCCESS", "FAILED", "SKIPPED", "MISSED", "CANCELLED"):
        assert _of(samples, "cronpp_runs_total", status=status) == 0
    for status in ("PENDING", "RUNNING", "RETRYING", "PAUSED", "SUCCESS", "FAILED"):
        assert _of(samples, "cronpp_jobs", status=status) == 0
    for name in (
        "due_backlog",
        "oldest_due_seconds",
        "workers",
        "worker_slots",
        "worker_slots_busy",
    ):
        assert _of(samples, f"cronpp_{name}") == 0
    for name in ("lateness", "duration"):
        assert _of(samples, f"cronpp_run_{name}_seconds_count") == 0


async def test_runs_are_counted_with_their_lateness_and_duration(
    stranger: AsyncClient, database: Database
) -> None:
    await _end_a_run(database, 1)
    await _end_a_run(database, 2, status="FAILED", lateness_ms=700, duration_ms=5_000_000)
    samples = await _samples(stranger)
    assert _of(samples, "cronpp_runs_total", status="SUCCESS") == 1
    assert _of(samples, "cronpp_runs_total", status="FAILED") == 1
    lateness = "cronpp_run_lateness_seconds"
    assert _of(samples, f"{lateness}_bucket", le="0.001") == 0
    assert _of(samples, f"{lateness}_bucket", le="0.005") == 1
    assert _of(samples, f"{lateness}_bucket", le="1.0") == 2
    assert _of(samples, f"{lateness}_sum") == pytest.approx(0.703)
    duration = "cronpp_run_duration_seconds"
    assert _of(samples, f"{duration}_bucket", le="3600.0") == 1
    assert _of(samples, f"{duration}_bucket", le="+Inf") == 2
    assert _of(samples, f"{duration}_count") == 2


async def test_a_retry_counts_as_late_once_and_as_ended_not_yet(
    stranger: AsyncClient, database: Database
) -> None:
    runs = RunStore(database, retention=RETENTION)
    run = make_run(claim_id="c")
    await runs.add([run])
    await database.runs.update_one(
        {"_id": run.id}, {"$set": {"claim_id": "c", "status": "RUNNING"}}
    )
    waits = {"status": "RETRYING", "wake_at": NOON + timedelta(minutes=1), "lateness_ms": 3}
    await runs.finish([(run, waits)])
    samples = await _samples(stranger)
    assert _of(samples, "cronpp_run_lateness_seconds_count") == 1
    assert _of(samples, "cronpp_run_duration_seconds_count") == 0


async def test_what_all_processes_count_adds_up_and_survives_them(
    stranger: AsyncClient, database: Database
) -> None:
    await _end_a_run(database, 1)
    await CounterStore(database).flush()
    await CounterStore(database).flush()
    await _end_a_run(database, 2)
    assert _of(await _samples(stranger), "cronpp_runs_total", status="SUCCESS") == 2


async def test_people_who_cancel_runs_are_counted_too(
    ada: AsyncClient, stranger: AsyncClient
) -> None:
    ids = [(await ada.post("/api/jobs", json=job_body())).json()["id"] for _ in range(3)]
    runs = [(await ada.post(f"/api/jobs/{job_id}/run")).json()["run"]["id"] for job_id in ids]
    await ada.post(f"/api/runs/{runs[0]}/cancel")
    await ada.delete(f"/api/jobs/{ids[1]}")
    await ada.post("/api/jobs/bulk", json={"operation": "pause", "ids": ids})
    assert _of(await _samples(stranger), "cronpp_runs_total", status="CANCELLED") == 3


async def test_backlog_and_its_age_tell_what_waits_for_a_worker(
    ada: AsyncClient, stranger: AsyncClient, database: Database
) -> None:
    job_id = (await ada.post("/api/jobs", json=job_body())).json()["id"]
    await ada.post(f"/api/jobs/{job_id}/run")
    missed = NOON - timedelta(seconds=90)
    await database.jobs.update_one({}, {"$set": {"next_run_time": missed}})
    samples = await _samples(stranger)
    assert _of(samples, "cronpp_due_backlog") == 2
    assert _of(samples, "cronpp_oldest_due_seconds") == 90
    assert _of(samples, "cronpp_jobs", status="PENDING") == 1


async def test_workers_and_their_slots_are_told(stranger: AsyncClient, database: Database) -> None:
    for number in range(2):
        worker = WorkerInfo(
            id=f"worker-{number}",
            host="h",
            pid=1,
            version="0",
            slots=500,
            busy=number,
            started_at=NOON,
            seen_at=NOON,
        )
        await WorkerStore(database).beat(worker)
    samples = await _samples(stranger)
    assert _of(samples, "cronpp_workers") == 2
    assert _of(samples, "cronpp_worker_slots") == 1000
    assert _of(samples, "cronpp_worker_slots_busy") == 1


async def test_nothing_of_anybodys_own_is_told(ada: AsyncClient, stranger: AsyncClient) -> None:
    answer = await ada.post("/api/jobs", json=job_body(name="Payroll", tags=["secret-plan"]))
    text = await _text(stranger)
    for private in ("Payroll", "secret-plan", "ada@", answer.json()["id"], "example.org"):
        assert private not in text


async def test_prometheus_own_checker_has_nothing_to_say(
    stranger: AsyncClient, database: Database
) -> None:
    promtool = find_promtool()
    if promtool is None:
        pytest.skip("no promtool here: `python -m tests.find_promtool --install`")
    await _end_a_run(database, 1)
    checked = subprocess.run(  # noqa: ASYNC221 - nothing else runs meanwhile
        [promtool, "check", "metrics"],
        input=await _text(stranger),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stderr) == (0, "")
