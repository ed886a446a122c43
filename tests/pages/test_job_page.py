"""The page of a job: what it is, when it fires, what became of its runs."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

from nicegui.testing.user import User as Browser

from cronpp_app.clock import utc_now
from cronpp_app.composition import Services
from cronpp_app.domain.jobs import Job
from cronpp_app.domain.schedules import CronSchedule
from cronpp_app.store.database import Database
from cronpp_app.store.run_documents import run_document
from tests.factories import make_run
from tests.pages.conftest import Person
from tests.pages.test_jobs_page import rows
from tests.pages.waiting import sight_of, until

AddJob = Callable[..., Awaitable[Job]]


async def add_run(database: Database, job: Job, ago: timedelta, **changes: Any) -> str:
    fire_time = utc_now() - ago
    run = make_run(job, id=f"{job.id}-{ago.total_seconds():.0f}", fire_time=fire_time)
    ended = {"status": "SUCCESS", "started_at": fire_time, "finished_at": fire_time}
    ended |= {"duration_ms": 120, "lateness_ms": 3, "attempt_count": 1}
    document = {**run_document(run), **ended, **changes}
    document.pop("wake_at", None)
    await database.runs.insert_one(document)
    return run.id


def statuses(browser: Browser) -> Sequence[str]:
    return [row["status"] for row in rows(browser)]


async def test_a_job_is_told_in_words(ada: Person, add_job: AddJob) -> None:
    job = await add_job(
        ada,
        description="Minds the shop.",
        tags=("billing",),
        schedule=CronSchedule(cron="30 2 * * *", timezone="Asia/Tokyo"),
    )
    await ada.browser.open(f"/jobs/{job.id}")
    for words in (
        "Nightly export",
        "Minds the shop.",
        "Every day at 02:30",
        "Asia/Tokyo",
        "https://example.org/hook",
        "Up to 3 retries: first after 10 s, doubling each time",
        "If the previous run is still going, the new one is skipped",
        "only the latest of the missed times is run",
        "billing",
    ):
        await ada.browser.should_see(words)


async def test_pausing_tells_what_resuming_would_skip(
    ada: Person, add_job: AddJob, services: Services, database: Database
) -> None:
    job = await add_job(ada)
    await ada.browser.open(f"/jobs/{job.id}")
    ada.browser.find(marker="pause").click()
    await ada.browser.should_see("Resuming skips 0 fire times and fires next", retries=50)
    long_ago = {"paused_at": utc_now() - timedelta(hours=5)}
    await database.jobs.update_one({"_id": job.id}, {"$set": long_ago})
    await ada.browser.should_see("Resuming skips 5 fire times and fires next", retries=50)
    ada.browser.find(marker="resume").click()

    async def is_enabled() -> bool:
        return (await services.jobs.get(ada.user, job.id)).enabled

    assert await sight_of(is_enabled)


async def test_the_ledger_is_filtered_and_the_address_remembers(
    ada: Person, add_job: AddJob, database: Database
) -> None:
    job, other = await add_job(ada), await add_job(ada, name="Other")
    await add_run(database, job, timedelta(minutes=1))
    await add_run(database, job, timedelta(minutes=2), status="FAILED", trigger="schedule")
    await add_run(database, job, timedelta(days=3), status="SKIPPED", reason="The job was paused.")
    await add_run(database, other, timedelta(minutes=1))
    await ada.browser.open(f"/jobs/{job.id}")
    assert statuses(ada.browser) == ["SUCCESS", "FAILED", "SKIPPED"]
    for query, expected in {
        "status=FAILED": ["FAILED"],
        "trigger=manual": ["SUCCESS", "SKIPPED"],
        "span=hour": ["SUCCESS", "FAILED"],
        "status=nonsense&day=2026-13-77": ["SUCCESS", "FAILED", "SKIPPED"],
        "job=someone-elses": ["SUCCESS", "FAILED", "SKIPPED"],
    }.items():
        await ada.browser.open(f"/jobs/{job.id}?{query}")
        assert statuses(ada.browser) == expected, query


async def test_new_runs_and_their_ends_appear_by_themselves(
    ada: Person, add_job: AddJob, services: Services, database: Database
) -> None:
    job = await add_job(ada)
    await ada.browser.open(f"/jobs/{job.id}")
    await ada.browser.should_see("No runs here")
    run = await services.runs.get(ada.user, (await services.jobs.run_now(ada.user, job.id)).id)
    touch = {"$set": {"updated_at": utc_now()}}
    await database.jobs.update_one({"_id": job.id}, touch)
    await until(lambda: statuses(ada.browser) == ["PENDING"])
    await services.runs.cancel(ada.user, run[0].id)
    await until(lambda: statuses(ada.browser) == ["CANCELLED"])


async def test_the_tab_is_named_after_the_job_and_markup_in_it_stays_text(
    ada: Person, bob: Person, add_job: AddJob
) -> None:
    job = await add_job(ada, name="<b>Tea</b> & cake")
    page = await ada.http.get(f"/jobs/{job.id}")
    assert "<title>&lt;b&gt;Tea&lt;/b&gt; &amp; cake · Cron++</title>" in page.text
    lost = await bob.http.get(f"/jobs/{job.id}")
    assert "<title>Not found · Cron++</title>" in lost.text


async def test_other_peoples_jobs_and_runs_are_not_there(
    ada: Person, bob: Person, add_job: AddJob, database: Database
) -> None:
    job = await add_job(ada)
    await add_run(database, job, timedelta(minutes=1))
    for path in (f"/jobs/{job.id}", f"/jobs/{job.id}/runs"):
        assert (await bob.http.get(path)).status_code == 404
    await bob.browser.open(f"/activity?job={job.id}")
    assert rows(bob.browser) == []


async def test_activity_shows_the_runs_of_all_jobs_and_can_show_one_only(
    ada: Person, add_job: AddJob, database: Database
) -> None:
    first, second = await add_job(ada, name="First"), await add_job(ada, name="Second")
    await add_run(database, first, timedelta(minutes=1))
    await add_run(database, second, timedelta(minutes=2), status="FAILED")
    await ada.browser.open("/activity")
    assert [row["job"] for row in rows(ada.browser)] == ["First", "Second"]
    ada.browser.find(marker="rows").trigger("only", second.id)
    await until(lambda: [row["job"] for row in rows(ada.browser)] == ["Second"])
    await ada.browser.should_see("Only Second")
    ada.browser.find(marker="clear-filters").click()
    await until(lambda: len(rows(ada.browser)) == 2)


async def test_while_somebody_reads_new_runs_wait_behind_a_number(
    ada: Person, add_job: AddJob, services: Services, database: Database
) -> None:
    job = await add_job(ada)
    await add_run(database, job, timedelta(minutes=1))
    client = await ada.browser.open("/activity")
    assert len(rows(ada.browser)) == 1
    layout = client.layout
    for listener in layout._event_listeners.values():
        if listener.type == "cx_reading":
            layout._handle_event({"listener_id": listener.id, "args": True})
    await services.jobs.run_now(ada.user, job.id)
    await database.jobs.update_one({"_id": job.id}, {"$set": {"updated_at": utc_now()}})
    await ada.browser.should_see("1 new", retries=50)
    assert len(rows(ada.browser)) == 1
    ada.browser.find(marker="news").click()
    await until(lambda: len(rows(ada.browser)) == 2)


async def test_the_timeline_has_a_lane_for_each_job_and_names_crowded_minutes(
    ada: Person, add_job: AddJob, database: Database
) -> None:
    job = await add_job(ada, name="Hourly & <b>bold</b>")
    await add_job(ada, name="Another")
    await add_run(database, job, timedelta(minutes=5), status="FAILED")
    await ada.browser.open("/timeline")
    await ada.browser.should_see("Hourly & <b>bold</b>", retries=50)
    await ada.browser.should_see("1 failed")
    await ada.browser.should_see(":00 · 2 runs", retries=50)
    ada.browser.find(marker="segment-week").click()
    await ada.browser.should_see("1 failed")
