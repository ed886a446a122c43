"""The editor's retries: what is planned, and until when."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

from cronpp_app.composition import Services
from cronpp_app.domain.backoff import RetryPolicy
from cronpp_app.domain.jobs import Job
from tests.pages.conftest import Person
from tests.pages.editor_fields import error_of, fill, saved, value_of
from tests.pages.waiting import sight_of, until

AddJob = Callable[..., Awaitable[Job]]
STUBBORN = RetryPolicy(max_retries=9, jitter=False, window=timedelta(minutes=10))


async def test_planned_retries_are_shown(ada: Person) -> None:
    await ada.browser.open("/jobs/new")
    await ada.browser.should_see("+ 20–40 s")
    fill(ada.browser, "max_retries", "1")
    await ada.browser.should_not_see("+ 20–40 s")
    fill(ada.browser, "max_retries", "0")
    await ada.browser.should_see("No retries")


async def test_retries_may_stop_after_a_while_and_the_page_of_the_job_says_so(
    ada: Person, services: Services
) -> None:
    await ada.browser.open("/jobs/new")
    fill(ada.browser, "name", "Nightly export")
    fill(ada.browser, "url", "https://example.org/hook")
    fill(ada.browser, "window_seconds", "soon")
    ada.browser.find(marker="save").click()
    await until(lambda: "whole number" in error_of(ada.browser, "window_seconds"))
    fill(ada.browser, "window_seconds", "15")
    await ada.browser.should_see("Only 2 of 3 retries begin within 15 s.")
    ada.browser.find(marker="save").click()
    job = await saved(services, ada.user)
    assert job.definition.retry == RetryPolicy(window=timedelta(seconds=15))
    await ada.browser.open(f"/jobs/{job.id}")
    await ada.browser.should_see("none begins later than 15 s after the run was due")


async def test_what_stops_retries_is_kept_until_it_is_taken_out(
    ada: Person, services: Services, add_job: AddJob
) -> None:
    job = await add_job(ada, retry=STUBBORN)

    async def changed() -> Job | None:
        found = await services.jobs.get(ada.user, job.id)
        return found if found.version > job.version else None

    for typed, window in (("600", STUBBORN.window), ("", None)):
        await ada.browser.open(f"/jobs/{job.id}/edit")
        assert value_of(ada.browser, "window_seconds") == "600"
        fill(ada.browser, "window_seconds", typed)
        fill(ada.browser, "name", f"Name {typed}")
        ada.browser.find(marker="save").click()
        job = await sight_of(changed)
        assert job.definition.retry == replace(STUBBORN, window=window)
