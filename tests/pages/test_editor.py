"""Making and changing jobs with the editor."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from nicegui import ui
from nicegui.testing.user import User as Browser
from nicegui.testing.user_interaction import UserInteraction

from cronpp_app.composition import Services
from cronpp_app.domain.jobs import HttpAction, Job
from cronpp_app.domain.schedules import CronSchedule, IntervalSchedule, OnceSchedule
from cronpp_app.services.accounts import User
from cronpp_app.services.drafts import definition_fields
from cronpp_app.services.jobs import JobQuery
from cronpp_app.store.embedded_server import free_port
from tests.factories import job_definition
from tests.pages.conftest import Person, in_two_days
from tests.pages.waiting import sight_of, until

AddJob = Callable[..., Awaitable[Job]]


def fill(browser: Browser, mark: str, words: str) -> None:
    (field,) = browser.find(marker=mark).elements
    assert isinstance(field, ui.input | ui.textarea)
    field.value = words


async def jobs_of(services: Services, user: User) -> tuple[Job, ...]:
    return (await services.jobs.search(user, JobQuery())).items


async def saved(services: Services, user: User) -> Job:
    """Return the only job of a person, once it is there."""
    jobs = await sight_of(lambda: jobs_of(services, user))
    (job,) = jobs
    return job


async def test_a_name_and_an_address_make_a_job(ada: Person, services: Services) -> None:
    await ada.browser.open("/jobs/new")
    fill(ada.browser, "name", "Nightly export")
    fill(ada.browser, "url", "https://example.org/hook")
    fill(ada.browser, "tags", "billing, nightly")
    ada.browser.find(marker="save").click()
    job = await saved(services, ada.user)
    assert job.definition.name == "Nightly export"
    assert job.definition.tags == ("billing", "nightly")
    assert job.definition.schedule == CronSchedule(cron="0 9 * * 1-5", timezone="Europe/Berlin")
    assert isinstance(job.definition.action, HttpAction)
    assert job.definition.action.url == "https://example.org/hook"


async def test_what_is_wrong_is_told_at_its_field_and_what_was_typed_stays(
    ada: Person, services: Services
) -> None:
    await ada.browser.open("/jobs/new")
    fill(ada.browser, "url", "ftp://example.org/file")
    fill(ada.browser, "max_retries", "many")
    ada.browser.find(marker="save").click()
    await until(lambda: error_of(ada.browser, "name") == "Give the job a name.")
    assert "http" in error_of(ada.browser, "url")
    assert error_of(ada.browser, "max_retries").startswith("Must be a whole number from 0 to 20")
    (url,) = ada.browser.find(marker="url").elements
    assert isinstance(url, ui.input)
    assert url.value == "ftp://example.org/file"
    assert await jobs_of(services, ada.user) == ()


async def test_an_error_goes_as_soon_as_its_field_is_right(ada: Person) -> None:
    await ada.browser.open("/jobs/new")
    ada.browser.find(marker="save").click()
    await until(lambda: error_of(ada.browser, "name") != "")
    fill(ada.browser, "name", "A name")
    await until(lambda: error_of(ada.browser, "name") == "")
    assert error_of(ada.browser, "url") != ""


async def test_the_five_fields_and_the_text_follow_each_other(ada: Person) -> None:
    await ada.browser.open("/jobs/new")
    fill(ada.browser, "cron", "*/15 8-18 1 6 mon")
    assert cells(ada.browser) == ["*/15", "8-18", "1", "6", "mon"]
    fill(ada.browser, "cron-minute", "5")
    (text,) = ada.browser.find(marker="cron").elements
    assert isinstance(text, ui.input)
    assert text.value == "5 8-18 1 6 mon"


async def test_a_schedule_is_told_in_words_while_it_is_typed(ada: Person) -> None:
    await ada.browser.open("/jobs/new")
    await ada.browser.should_see("At 09:00, Monday to Friday")
    fill(ada.browser, "cron", "@daily")
    await ada.browser.should_see("Every day at 00:00")
    assert cells(ada.browser) == ["0", "0", "*", "*", "*"]
    fill(ada.browser, "cron", "61 * * * *")
    await ada.browser.should_see("Complete the schedule to see when it fires.")
    assert "61" in error_of(ada.browser, "cron")


async def test_effects_of_summer_time_are_told_beforehand(ada: Person) -> None:
    await ada.browser.open("/jobs/new")
    fill(ada.browser, "cron", "30 2 * * *")
    await ada.browser.should_see("02:30 does not exist in Europe/Berlin")


async def test_a_job_may_fire_every_so_often(ada: Person, services: Services) -> None:
    await ada.browser.open("/jobs/new")
    fill(ada.browser, "name", "Probe")
    fill(ada.browser, "url", "https://example.org")
    ada.browser.find(marker="segment-interval").click()
    fill(ada.browser, "every", "7")
    ada.browser.find(marker="save").click()
    schedule = (await saved(services, ada.user)).definition.schedule
    assert isinstance(schedule, IntervalSchedule)
    assert schedule.every.total_seconds() == 7 * 60


async def test_a_job_may_fire_once(ada: Person, services: Services) -> None:
    await ada.browser.open("/jobs/new")
    fill(ada.browser, "name", "Launch")
    fill(ada.browser, "url", "https://example.org")
    ada.browser.find(marker="segment-once").click()
    ada.browser.find(marker="save").click()
    await until(lambda: error_of(ada.browser, "run-at") == "Choose a date and a time.")
    fill(ada.browser, "run-at", in_two_days())
    ada.browser.find(marker="save").click()
    assert isinstance((await saved(services, ada.user)).definition.schedule, OnceSchedule)


async def test_editing_keeps_what_the_editor_does_not_show(
    ada: Person, add_job: AddJob, services: Services
) -> None:
    action = HttpAction(
        method="POST",
        url="https://example.org/hook",
        headers={"Authorization": "Bearer a very secret token"},
    )
    schedule = CronSchedule(cron="0 * * * *", jitter_seconds=30)
    job = await add_job(ada, action=action, schedule=schedule)
    page = await ada.http.get(f"/jobs/{job.id}/edit")
    assert "a very secret" not in page.text
    await ada.browser.open(f"/jobs/{job.id}/edit")
    fill(ada.browser, "name", "Renamed")
    ada.browser.find(marker="save").click()

    async def renamed() -> Job | None:
        edited = await services.jobs.get(ada.user, job.id)
        return edited if edited.version > 1 else None

    edited = await sight_of(renamed)
    assert edited is not None
    assert edited.definition.name == "Renamed"
    assert edited.definition.schedule == schedule
    assert edited.definition.action == job.definition.action


async def test_a_change_made_elsewhere_is_not_overwritten(
    ada: Person, add_job: AddJob, services: Services
) -> None:
    job = await add_job(ada)
    await ada.browser.open(f"/jobs/{job.id}/edit")
    fill(ada.browser, "name", "Mine")
    await services.jobs.pause(ada.user, job.id)
    changed = replace(job.definition, description="Theirs")
    theirs = await services.jobs.edit(ada.user, job.id, changed)
    ada.browser.find(marker="save").click()
    await ada.browser.should_see("Its description changed.")
    assert (await services.jobs.get(ada.user, job.id)).version == theirs.version


async def test_after_a_change_elsewhere_one_keeps_ones_own_or_takes_theirs(
    ada: Person, add_job: AddJob, services: Services
) -> None:
    job = await add_job(ada)
    await ada.browser.open(f"/jobs/{job.id}/edit")
    fill(ada.browser, "name", "Mine")
    await services.jobs.edit(ada.user, job.id, replace(job.definition, name="Theirs"))
    await ada.browser.should_see("Keep mine", retries=100)
    ada.browser.find(marker="load-theirs").click()
    await until(lambda: value_of(ada.browser, "name") == "Theirs")
    fill(ada.browser, "name", "Mine again")
    await services.jobs.edit(ada.user, job.id, replace(job.definition, name="Theirs again"))
    await ada.browser.should_see("Keep mine", retries=100)
    ada.browser.find(marker="keep-mine").click()
    ada.browser.find(marker="save").click()

    async def saved_mine() -> bool:
        return (await services.jobs.get(ada.user, job.id)).definition.name == "Mine again"

    await sight_of(saved_mine)


async def test_an_untouched_form_follows_changes_made_elsewhere(
    ada: Person, add_job: AddJob, services: Services
) -> None:
    job = await add_job(ada)
    await ada.browser.open(f"/jobs/{job.id}/edit")
    await services.jobs.edit(ada.user, job.id, replace(job.definition, name="Theirs"))
    await until(lambda: value_of(ada.browser, "name") == "Theirs")
    await services.jobs.delete(ada.user, job.id)
    await ada.browser.should_see("This job was deleted elsewhere", retries=100)


async def test_a_pasted_command_fills_the_form_and_can_be_taken_back(
    ada: Person, services: Services
) -> None:
    await ada.browser.open("/jobs/new")
    fill(ada.browser, "name", "Mine")
    fill(ada.browser, "paste", "15 3 * * * curl --json '{}' -k https://example.org/hook")
    await until(lambda: value_of(ada.browser, "url") == "https://example.org/hook")
    await ada.browser.should_see("Certificates are always checked")
    await ada.browser.should_see("Every day at 03:15")
    ada.browser.find(marker="paste-undo").click()
    await until(lambda: value_of(ada.browser, "url") == "")
    fill(ada.browser, "paste", "curl -H 'A: 1")
    await ada.browser.should_see("opened and never closed")
    fill(ada.browser, "paste", "15 3 * * * curl --json '{}' https://example.org/hook")
    await until(lambda: value_of(ada.browser, "url") == "https://example.org/hook")
    ada.browser.find(marker="save").click()
    definition = (await saved(services, ada.user)).definition
    assert definition.name == "Mine"
    assert definition.schedule == CronSchedule(cron="15 3 * * *", timezone="Europe/Berlin")
    assert isinstance(definition.action, HttpAction)
    assert definition.action.body == "{}"


async def test_an_action_is_tried_out_before_it_is_saved(ada: Person, services: Services) -> None:
    await ada.browser.open("/jobs/new")
    ada.browser.find(marker="try").click()
    await until(lambda: error_of(ada.browser, "url") == "Give the address to call.")
    fill(ada.browser, "url", f"http://127.0.0.1:{free_port()}/")
    ada.browser.find(marker="try").click()
    await ada.browser.should_see("Nobody took the connection", retries=100)
    assert await jobs_of(services, ada.user) == ()


async def test_a_header_marked_as_secret_is_kept_and_tried_out_but_not_shown(
    ada: Person, services: Services
) -> None:
    await ada.browser.open("/jobs/new")
    fill(ada.browser, "name", "Probe")
    fill(ada.browser, "paste", "curl -H 'X-Token: open sesame' http://127.0.0.1:9/")
    await until(lambda: value_of(ada.browser, "url") != "")
    ada.browser.find(marker="lock").click()
    ada.browser.find(marker="save").click()
    job = await saved(services, ada.user)
    assert isinstance(job.definition.action, HttpAction)
    assert job.definition.action.secret_headers == ("X-Token",)
    page = await ada.http.get(f"/jobs/{job.id}/edit")
    assert "X-Token" in page.text
    assert "open sesame" not in page.text
    await ada.browser.open(f"/jobs/{job.id}/edit")
    ada.browser.find(marker="try").click()
    await ada.browser.should_see("Nobody took the connection", retries=100)


async def test_a_draft_that_the_browser_kept_is_shown_again(ada: Person) -> None:
    kept = definition_fields(job_definition(name="Half done"))
    kept["retry"]["max_retries"] = "many"
    await ada.browser.open("/jobs/new")
    tell(ada.browser, "cx_draft", kept)
    await until(lambda: value_of(ada.browser, "name") == "Half done")
    assert value_of(ada.browser, "max_retries") == "many"
    await ada.browser.open("/jobs/new")
    tell(ada.browser, "cx_draft", {**kept, "overlap": 7, "retry": {"backoff": "none"}})
    tell(ada.browser, "cx_draft", "nonsense")
    await ada.browser.should_see("New job")
    assert value_of(ada.browser, "name") == ""


async def test_other_peoples_jobs_are_not_there(ada: Person, bob: Person, add_job: AddJob) -> None:
    job = await add_job(ada)
    for path in (f"/jobs/{job.id}/edit", f"/jobs/{job.id}/runs", "/jobs/nonsense/edit", "/nowhere"):
        answer = await bob.http.get(path)
        assert answer.status_code == 404
        assert "Nothing here" in answer.text


def value_of(browser: Browser, mark: str) -> str:
    (field,) = browser.find(marker=mark).elements
    assert isinstance(field, ui.input)
    return str(field.value or "")


def tell(browser: Browser, event: str, words: object) -> None:
    """Let the page hear an event of the whole browser window."""
    assert browser.client is not None
    UserInteraction(browser, {browser.client.layout}, None).trigger(event, words)


def error_of(browser: Browser, mark: str) -> str:
    (field,) = browser.find(marker=mark).elements
    assert isinstance(field, ui.input)
    return field.error or ""


def cells(browser: Browser) -> list[str]:
    marks = ("minute", "hour", "day", "month", "weekday")
    found = [browser.find(marker=f"cron-{mark}").elements.copy().pop() for mark in marks]
    return [cell.value for cell in found if isinstance(cell, ui.input)]
