"""What the editor knows of schedules beyond the expression: window, spread, limits, odd times."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from cronpp_app.composition import Services
from cronpp_app.domain.jobs import Job
from cronpp_app.domain.schedules import CronSchedule, IntervalSchedule
from tests.pages.conftest import Person
from tests.pages.editor_fields import error_of, fill, saved
from tests.pages.waiting import sight_of, until

AddJob = Callable[..., Awaitable[Job]]


async def test_a_schedule_has_a_window_on_its_own_clock_and_a_spread(
    ada: Person, services: Services
) -> None:
    await ada.browser.open("/jobs/new")
    fill(ada.browser, "name", "Campaign")
    fill(ada.browser, "url", "https://example.org")
    year = datetime.now(UTC).year + 1
    fill(ada.browser, "start-at", f"{year}-02-01T09:00")
    fill(ada.browser, "end-at", f"{year}-01-01T09:00")
    fill(ada.browser, "jitter", "90")
    await until(lambda: "after" in error_of(ada.browser, "end-at"))
    fill(ada.browser, "end-at", f"{year}-03-01T09:00")
    await until(lambda: error_of(ada.browser, "end-at") == "")
    ada.browser.find(marker="save").click()
    schedule = (await saved(services, ada.user)).definition.schedule
    assert isinstance(schedule, CronSchedule)
    assert schedule.start_at == datetime(year, 2, 1, 8, tzinfo=UTC)  # Berlin's nine o'clock
    assert schedule.end_at == datetime(year, 3, 1, 8, tzinfo=UTC)
    assert schedule.jitter_seconds == 90


async def test_the_grid_of_an_interval_stays_to_the_millisecond_when_something_else_is_edited(
    ada: Person, services: Services, add_job: AddJob
) -> None:
    start = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
    schedule = IntervalSchedule(every=timedelta(minutes=7), start_at=start)
    job = await add_job(ada, schedule=schedule)
    await ada.browser.open(f"/jobs/{job.id}/edit")
    fill(ada.browser, "name", "Renamed")
    fill(ada.browser, "end-at", "2030-01-01T00:00")
    ada.browser.find(marker="save").click()

    async def edited() -> Job | None:
        found = await services.jobs.get(ada.user, job.id)
        return found if found.version > 1 else None

    found = await sight_of(edited)
    assert found is not None
    end = datetime(2029, 12, 31, 23, tzinfo=UTC)  # midnight in Berlin
    assert found.definition.schedule == IntervalSchedule(
        every=schedule.every, start_at=start, end_at=end
    )


async def test_an_interval_is_refused_in_the_unit_that_was_typed(ada: Person) -> None:
    await ada.browser.open("/jobs/new")
    ada.browser.find(marker="segment-interval").click()
    fill(ada.browser, "every", "1.5")
    await until(
        lambda: (
            error_of(ada.browser, "every")
            == 'Must be a whole number from 1 to 525,600 minutes, not "1.5".'
        )
    )


async def test_a_date_and_time_that_clocks_leave_out_is_told(ada: Person) -> None:
    await ada.browser.open("/jobs/new")
    ada.browser.find(marker="segment-once").click()
    fill(ada.browser, "run-at", "2027-03-28T02:30")
    await ada.browser.should_see(
        "On 28 March 2027 02:30 does not exist in Europe/Berlin; the job fires at 03:30 instead."
    )
    fill(ada.browser, "run-at", "2027-10-31T02:30")
    await ada.browser.should_see("On 31 October 2027 02:30 exists twice in Europe/Berlin")


async def test_how_far_back_missed_times_count_is_asked_where_all_of_them_run(
    ada: Person, services: Services
) -> None:
    await ada.browser.open("/jobs/new")
    await ada.browser.should_not_see("Catch up on times missed in the last")
    ada.browser.find(marker="card-all").trigger("change")
    await ada.browser.should_see("Catch up on times missed in the last")
    fill(ada.browser, "name", "Ledger")
    fill(ada.browser, "url", "https://example.org")
    fill(ada.browser, "max_age_seconds", "3600")
    fill(ada.browser, "max_runs", "7")
    ada.browser.find(marker="save").click()
    misfire = (await saved(services, ada.user)).definition.misfire
    assert (misfire.max_age, misfire.max_runs) == (timedelta(hours=1), 7)
