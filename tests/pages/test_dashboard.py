"""The home page: how everything is doing, and where to look first."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from importlib import import_module

import pytest

from cronpp_app.clock import utc_now
from cronpp_app.composition import Services
from cronpp_app.domain.jobs import Job
from cronpp_app.store.database import Database
from cronpp_app.store.workers import WorkerInfo, WorkerStore
from tests.pages.conftest import Person
from tests.pages.test_job_page import add_run

AddJob = Callable[..., Awaitable[Job]]


async def _beat(database: Database, **changes: object) -> None:
    now = utc_now()
    fields = {"id": "w-1", "host": "basement", "pid": 7, "version": "0.1.0", "slots": 40}
    fields |= {"busy": 10, "started_at": now, "seen_at": now}
    await WorkerStore(database).beat(WorkerInfo(**(fields | changes)))  # type: ignore[arg-type]


async def test_somebody_without_jobs_is_led_to_the_first_one_and_then_sees_figures(
    ada: Person, add_job: AddJob
) -> None:
    await ada.browser.open("/")
    await ada.browser.should_see("Create your first job")
    await ada.browser.should_not_see("Lateness p95")
    await add_job(ada)
    await ada.browser.should_see("Lateness p95", retries=80)
    await ada.browser.should_not_see("Create your first job")


async def test_what_fails_is_late_or_was_stopped_is_named_and_nothing_else(
    ada: Person, bob: Person, add_job: AddJob, database: Database
) -> None:
    await _beat(database)
    for name, change in {
        "Broken": {"consecutive_failures": 3, "last_run": _failed_run("503 Unavailable")},
        "Forgotten": {"next_sort": utc_now() - timedelta(minutes=5)},
        "Gone": {"enabled": False, "paused_reason": "The target answered 410 Gone."},
        "Fine": {"consecutive_failures": 0},
    }.items():
        job = await add_job(ada, name=name)
        await database.jobs.update_one({"_id": job.id}, {"$set": change})
    job = await add_job(bob, name="Bob's broken")
    await database.jobs.update_one({"_id": job.id}, {"$set": {"consecutive_failures": 9}})
    await ada.browser.open("/")
    await ada.browser.should_see("3 runs failed in a row: 503 Unavailable")
    await ada.browser.should_see("no worker has taken it up")
    await ada.browser.should_see("Paused by Cron++: The target answered 410 Gone.")
    await ada.browser.should_not_see("Bob's broken")
    await ada.browser.should_not_see("No worker is running")


async def test_more_troubles_than_fit_are_counted_and_led_to(
    ada: Person, add_job: AddJob, database: Database
) -> None:
    await _beat(database)
    for number in range(9):
        await add_job(ada, name=f"Broken {number}")
    await database.jobs.update_many({}, {"$set": {"consecutive_failures": 2}})
    await ada.browser.open("/")
    await ada.browser.should_see(marker="troubles", content="9")
    await ada.browser.should_see("All failing jobs")


async def test_why_a_job_fails_is_one_click_away_even_while_it_runs_again(
    ada: Person, add_job: AddJob, database: Database
) -> None:
    await _beat(database)
    job = await add_job(ada, name="Broken")
    failed = await add_run(database, job, timedelta(minutes=1), status="FAILED")
    await add_run(database, job, timedelta(seconds=1), status="SKIPPED")
    await database.jobs.update_one({"_id": job.id}, {"$set": {"consecutive_failures": 1}})
    await ada.browser.open("/")
    [way] = {line.props["href"] for line in ada.browser.find(marker="trouble").elements}
    await ada.browser.open(way)
    await ada.browser.should_see(marker="run-status", content="Failed")
    await ada.browser.should_see(failed)


async def test_an_open_page_notices_that_the_last_worker_has_died(
    ada: Person, add_job: AddJob, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("pages.frame_live", "pages.dashboard"):
        monkeypatch.setattr(import_module(module), "LOOKED_EVERY_SECONDS", 0.05)
    await _beat(database)
    await add_job(ada)
    await ada.browser.open("/")
    await ada.browser.should_see("Workers ready")
    await database.workers.delete_many({})
    await ada.browser.should_see("No worker", marker="worker-box", retries=100)
    await ada.browser.should_see("No worker is running", retries=100)


async def test_the_number_of_jobs_beside_the_menu_follows(
    ada: Person, add_job: AddJob, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module("pages.frame_live"), "_COUNTED_EVERY_SECONDS", 0.05)
    monkeypatch.setattr(services.overviews, "_fresh_seconds", 0.0)
    await ada.browser.open("/settings")
    await ada.browser.should_see(marker="nav-jobs", content="0")
    await add_job(ada)
    await ada.browser.should_see(marker="nav-jobs", content="1", retries=150)


def _failed_run(error: str) -> dict[str, object]:
    return {"id": "r", "status": "FAILED", "fire_time": utc_now(), "error": error}


async def test_without_a_worker_the_dashboard_says_so_first(ada: Person, add_job: AddJob) -> None:
    await add_job(ada)
    await ada.browser.open("/")
    await ada.browser.should_see("No worker is running")
    await ada.browser.should_see("Nothing is sent until one starts: python worker.py")


async def test_addresses_of_the_list_from_before_lead_to_where_it_is_now(ada: Person) -> None:
    answer = await ada.http.get("/?status=failing&q=night")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/jobs?status=failing&q=night"


async def test_everybody_sees_the_workers_and_how_busy_they_are(
    ada: Person, database: Database, services: Services
) -> None:
    await ada.browser.open("/workers")
    await ada.browser.should_see("No worker is running")
    await _beat(database)
    await _beat(database, id="w-2", host="attic", busy=0)
    await ada.browser.open("/workers")
    await ada.browser.should_see("2 workers on 2 hosts, 10 of 80 slots in use")
    for words in ("basement", "attic", "10 of 40 slots", "v0.1.0"):
        await ada.browser.should_see(words)
