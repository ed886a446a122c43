"""What helps in the editor: commands to paste, actions to try, drafts that come back."""

from collections.abc import Awaitable, Callable

from cronpp_app.composition import Services
from cronpp_app.domain.jobs import HttpAction, Job
from cronpp_app.domain.schedules import CronSchedule
from cronpp_app.services.drafts import definition_fields
from cronpp_app.store.embedded_server import free_port
from tests.factories import job_definition
from tests.pages.conftest import Person
from tests.pages.editor_fields import error_of, fill, jobs_of, saved, tell, value_of
from tests.pages.waiting import until

AddJob = Callable[..., Awaitable[Job]]


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
    await until(lambda: error_of(ada.browser, "url") == "Enter the address to call.")
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
    tell(ada.browser, "cx_draft", {"user_id": ada.user.id, "draft": kept})
    await until(lambda: value_of(ada.browser, "name") == "Half done")
    assert value_of(ada.browser, "max_retries") == "many"
    await ada.browser.open("/jobs/new")
    broken = {**kept, "overlap": 7, "retry": {"backoff": "none"}}
    tell(ada.browser, "cx_draft", {"user_id": ada.user.id, "draft": broken})
    tell(ada.browser, "cx_draft", "nonsense")
    await ada.browser.should_see("New job")
    assert value_of(ada.browser, "name") == ""


async def test_a_draft_is_shown_to_nobody_but_who_typed_it(ada: Person, bob: Person) -> None:
    kept = definition_fields(job_definition(name="What Ada typed"))
    await bob.browser.open("/jobs/new")
    tell(bob.browser, "cx_draft", {"user_id": ada.user.id, "draft": kept})
    tell(bob.browser, "cx_draft", {"user_id": bob.user.id, "draft": {**kept, "name": "Bob's"}})
    await until(lambda: value_of(bob.browser, "name") == "Bob's")
    await bob.browser.should_not_see("What Ada typed")


async def test_a_quieter_minute_is_offered_to_what_fires_with_many_others(
    ada: Person, add_job: AddJob
) -> None:
    for _ in range(12):
        await add_job(ada, schedule=CronSchedule(cron="0 * * * *"))
    await ada.browser.open("/jobs/new")
    fill(ada.browser, "cron", "0 * * * *")
    await ada.browser.should_see("Up to 12 of your runs are due in the same minute.", retries=50)
    ada.browser.find(marker="use-calmer").click()
    await until(lambda: value_of(ada.browser, "cron") == "1 * * * *")
    await ada.browser.should_not_see(marker="calmer", retries=50)
