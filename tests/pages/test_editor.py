"""Making jobs with the editor."""

from nicegui import ui
from nicegui.testing.user import User as Browser

from cronpp_app.composition import Services
from cronpp_app.domain.jobs import HttpAction
from cronpp_app.domain.schedules import CronSchedule, IntervalSchedule, OnceSchedule
from tests.pages.conftest import Person, in_two_days
from tests.pages.editor_fields import error_of, fill, jobs_of, saved
from tests.pages.waiting import until


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


async def test_a_double_click_makes_one_job(ada: Person, services: Services) -> None:
    await ada.browser.open("/jobs/new")
    fill(ada.browser, "name", "Nightly export")
    fill(ada.browser, "url", "https://example.org/hook")
    ada.browser.find(marker="save").click()
    ada.browser.find(marker="save").click()
    await saved(services, ada.user)
    await ada.browser.open("/jobs")
    assert len(await jobs_of(services, ada.user)) == 1


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


def cells(browser: Browser) -> list[str]:
    marks = ("minute", "hour", "day", "month", "weekday")
    found = [browser.find(marker=f"cron-{mark}").elements.copy().pop() for mark in marks]
    return [cell.value for cell in found if isinstance(cell, ui.input)]


async def test_a_body_is_judged_as_it_will_be_sent(ada: Person) -> None:
    from components.body_field import BodyField
    from components.form import Form

    client = await ada.browser.open("/jobs/new")
    with client:
        body = BodyField(Form(lambda: None), "action.body", '{"tries": {{secret.TRIES}}}')
    assert body.value
    await ada.browser.should_see("Valid JSON")
