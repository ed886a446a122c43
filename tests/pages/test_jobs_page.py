"""The home page: the list of jobs, and what can be done from it."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from nicegui import ui
from nicegui.testing.user import User as Browser

from cronpp_app.composition import Services
from cronpp_app.domain.jobs import Job, JobStatus, LogAction
from cronpp_app.domain.schedules import IntervalSchedule
from cronpp_app.errors import NotFound
from tests.factories import NOON
from tests.pages.conftest import Person
from tests.pages.waiting import until

AddJob = Callable[..., Awaitable[Job]]


def table(browser: Browser) -> ui.element:
    """Return the table, hidden or not."""
    assert browser.client is not None
    return next(e for e in browser.client.elements.values() if e.tag == "cx-rows")


def rows(browser: Browser) -> Sequence[dict[str, Any]]:
    shown: Sequence[dict[str, Any]] = table(browser).props["rows"]
    return shown


def names(browser: Browser) -> list[str]:
    return [row["name"] for row in rows(browser)]


def act(browser: Browser, verb: str, job: Job) -> None:
    browser.find(marker="rows").trigger("act", [verb, job.id])


async def test_a_row_tells_what_fires_when_and_in_which_words(ada: Person, add_job: AddJob) -> None:
    job = await add_job(ada, tags=("billing",))
    await ada.browser.open("/jobs")
    (row,) = rows(ada.browser)
    assert row["name"] == "Nightly export"
    assert row["words"] == "Every hour, on the hour"
    assert (row["method"], row["target"]) == ("POST", "example.org/hook")
    assert row["status"] == "PENDING"
    assert job.next_run_time is not None
    assert row["next"] == job.next_run_time.timestamp() * 1000


async def test_everybody_sees_only_their_own_jobs(
    ada: Person, bob: Person, add_job: AddJob
) -> None:
    await add_job(ada, name="Ada's")
    await add_job(bob, name="Bob's")
    await bob.browser.open("/jobs")
    assert names(bob.browser) == ["Bob's"]


async def test_a_job_made_elsewhere_appears_by_itself(ada: Person, add_job: AddJob) -> None:
    await add_job(ada, name="First")
    await ada.browser.open("/jobs")
    await add_job(ada, name="Second")
    await until(lambda: sorted(names(ada.browser)) == ["First", "Second"])


async def test_the_first_job_takes_the_place_of_the_empty_words(
    ada: Person, add_job: AddJob
) -> None:
    await ada.browser.open("/jobs")
    await ada.browser.should_see("Create your first job")
    await add_job(ada)
    await until(lambda: names(ada.browser) == ["Nightly export"])
    await ada.browser.should_not_see("Create your first job")


async def test_pausing_and_resuming_is_done_and_shown(
    ada: Person, add_job: AddJob, services: Services
) -> None:
    job = await add_job(ada)
    await ada.browser.open("/jobs")
    act(ada.browser, "pause", job)
    await until(lambda: rows(ada.browser)[0]["status"] == "PAUSED")
    assert rows(ada.browser)[0]["next"] is None
    act(ada.browser, "resume", job)
    await until(lambda: rows(ada.browser)[0]["status"] == "PENDING")
    assert (await services.jobs.get(ada.user, job.id)).enabled


async def test_a_deleted_job_is_gone_at_once_and_can_be_brought_back(
    ada: Person, add_job: AddJob, services: Services
) -> None:
    job = await add_job(ada)
    await ada.browser.open("/jobs")
    act(ada.browser, "delete", job)
    await until(lambda: names(ada.browser) == [])
    with pytest.raises(NotFound):
        await services.jobs.get(ada.user, job.id)
    await services.deletions.restore(ada.user, job.id)
    await until(lambda: names(ada.browser) == ["Nightly export"])


async def test_nobody_acts_on_other_peoples_jobs_from_a_page(
    ada: Person, bob: Person, add_job: AddJob, services: Services
) -> None:
    job = await add_job(ada)
    await add_job(bob, name="Bob's")
    await bob.browser.open("/jobs")
    act(bob.browser, "pause", job)
    await until(lambda: bool(bob.browser.notify.messages))
    assert bob.browser.notify.messages == [f"There is no job {job.id}."]
    assert (await services.jobs.get(ada.user, job.id)).status is JobStatus.PENDING


async def test_a_page_whose_session_ended_does_nothing_more(
    ada: Person, add_job: AddJob, services: Services
) -> None:
    job = await add_job(ada)
    client = await ada.browser.open("/jobs")
    identity = await services.accounts.identify(ada.http.cookies["cronpp_session"])
    assert identity is not None
    await services.accounts.logout(identity)
    sent: list[str] = []
    client.run_javascript = sent.append  # type: ignore[method-assign, assignment]
    act(ada.browser, "pause", job)
    await until(lambda: sent == ['window.cxSentAway("/login?next=/jobs")'])
    assert (await services.jobs.get(ada.user, job.id)).enabled


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?status=PAUSED", ["Paused"]),
        ("?status=nonsense", ["Log line", "Nightly export", "Paused"]),
        ("?q=night", ["Nightly export"]),
        ("?sort=-name", ["Paused", "Nightly export", "Log line"]),
        ("?sort=nonsense&page=x&after=%00", None),
    ],
)
async def test_the_address_tells_filter_search_and_order(
    query: str, found: list[str] | None, ada: Person, add_job: AddJob, services: Services
) -> None:
    await add_job(ada)
    every_minute = IntervalSchedule(every=timedelta(minutes=1), start_at=NOON)
    await add_job(ada, name="Log line", action=LogAction(message="Hi"), schedule=every_minute)
    paused = await add_job(ada, name="Paused")
    await services.jobs.pause(ada.user, paused.id)
    await ada.browser.open(f"/jobs{query}")
    if found is None:
        assert len(rows(ada.browser)) == 3
    elif "sort" in query:
        assert names(ada.browser) == found
    else:
        assert sorted(names(ada.browser)) == found


async def test_a_search_without_success_leads_back_to_all(ada: Person, add_job: AddJob) -> None:
    await add_job(ada)
    await ada.browser.open("/jobs?q=nosuchword")
    await ada.browser.should_see("No job matches")
    ada.browser.find(marker="show-all").click()
    await until(lambda: names(ada.browser) == ["Nightly export"])


async def test_long_lists_come_in_pages_there_and_back(ada: Person, add_job: AddJob) -> None:
    for number in range(30):
        await add_job(ada, name=f"Job {number:02}")
    await ada.browser.open("/jobs?sort=name")
    await ada.browser.should_see("1–25 of 30")
    ada.browser.find(marker="next").click()
    await until(lambda: names(ada.browser)[0] == "Job 25")
    await ada.browser.should_see("26–30 of 30")
    ada.browser.find(marker="before").click()
    await until(lambda: names(ada.browser)[0] == "Job 00")


def pick(browser: Browser, job: Job) -> None:
    browser.find(marker="rows").trigger("pick", [job.id, True])


async def test_picked_jobs_are_paused_together_and_others_left_alone(
    ada: Person, bob: Person, add_job: AddJob, services: Services
) -> None:
    jobs = [await add_job(ada, name=f"Job {number}") for number in range(3)]
    foreign = await add_job(bob)
    await ada.browser.open("/jobs")
    for job in (*jobs[:2], foreign):
        pick(ada.browser, job)
    await ada.browser.should_see("3 jobs selected")
    ada.browser.find(marker="bulk-pause").click()
    await until(lambda: ada.browser.notify.messages == ["2 jobs paused."])
    enabled = [(await services.jobs.get(ada.user, job.id)).enabled for job in jobs]
    assert enabled == [False, False, True]
    assert (await services.jobs.get(bob.user, foreign.id)).enabled
    await ada.browser.should_not_see("picked")


async def test_all_that_match_are_deleted_only_after_their_number_was_typed(
    ada: Person, add_job: AddJob, services: Services
) -> None:
    for number in range(27):
        await add_job(ada, name=f"Old {number:02}", tags=("old",))
    kept = await add_job(ada, name="Kept")
    await ada.browser.open("/jobs?tag=old&sort=name")
    assert len(names(ada.browser)) == 25
    ada.browser.find(marker="rows").trigger("pickall", True)
    await ada.browser.should_see("25 jobs selected")
    ada.browser.find(marker="pick-matching").click()
    await ada.browser.should_see("All 27 jobs that match")
    ada.browser.find(marker="bulk-delete").click()
    await ada.browser.should_see("Type 27 to confirm")
    assert ada.browser.find(marker="go-on").elements.pop().props["disabled"]
    ada.browser.find(marker="typed").type("27")
    ada.browser.find(marker="go-on").click()
    await until(lambda: bool(ada.browser.notify.messages))
    assert ada.browser.notify.messages == ["27 jobs deleted."]
    await ada.browser.should_see("No job matches")
    assert await services.jobs.get(ada.user, kept.id)


async def test_tags_filter_the_list_and_are_let_go_again(ada: Person, add_job: AddJob) -> None:
    await add_job(ada, name="Bills", tags=("billing", "nightly"))
    await add_job(ada, name="Mail", tags=("mail",))
    await ada.browser.open("/jobs")
    await ada.browser.should_see(marker="tag-mail")
    ada.browser.find(marker="tag-billing").click()
    await until(lambda: names(ada.browser) == ["Bills"])
    ada.browser.find(marker="tag-billing").click()
    await until(lambda: len(names(ada.browser)) == 2)
