"""Changing a job with the editor, while others change it too."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from nicegui import ui

from cronpp_app.composition import Services
from cronpp_app.domain.jobs import HttpAction, Job
from cronpp_app.domain.schedules import CronSchedule
from tests.pages.conftest import Person
from tests.pages.editor_fields import fill, saved, value_of
from tests.pages.waiting import sight_of, until

AddJob = Callable[..., Awaitable[Job]]


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


async def test_other_peoples_jobs_are_not_there(ada: Person, bob: Person, add_job: AddJob) -> None:
    job = await add_job(ada)
    for path in (f"/jobs/{job.id}/edit", f"/jobs/{job.id}/runs", "/jobs/nonsense/edit", "/nowhere"):
        answer = await bob.http.get(path)
        assert answer.status_code == 404
        assert "Nothing here" in answer.text


async def test_the_ends_of_a_bodys_lines_outlive_the_editor(
    ada: Person, add_job: AddJob, services: Services
) -> None:
    action = HttpAction(method="POST", url="https://example.org/hook", body="a\r\nb\r\nc")
    job = await add_job(ada, action=action)
    await ada.browser.open(f"/jobs/{job.id}/edit")
    (body,) = await sight_of(lambda: _bodies(ada))
    assert body.value == "a\nb\nc"  # as the browser counts its characters
    body.value += "\nd"
    ada.browser.find(marker="save").click()

    async def edited() -> Job | None:
        found = await services.jobs.get(ada.user, job.id)
        return found if found.version > 1 else None

    found = await sight_of(edited)
    assert found is not None
    assert isinstance(found.definition.action, HttpAction)
    assert found.definition.action.body == "a\r\nb\r\nc\r\nd"


async def test_a_job_deleted_elsewhere_can_be_kept_as_a_new_one(
    ada: Person, add_job: AddJob, services: Services
) -> None:
    job = await add_job(ada)
    await ada.browser.open(f"/jobs/{job.id}/edit")
    fill(ada.browser, "name", "Not to be lost")
    await services.jobs.delete(ada.user, job.id)
    await ada.browser.should_see("This job was deleted elsewhere.", retries=50)
    ada.browser.find(marker="keep-as-new").click()
    ada.browser.find(marker="save").click()
    assert (await saved(services, ada.user)).definition.name == "Not to be lost"


async def _bodies(person: Person) -> list[ui.codemirror]:
    assert person.browser.client is not None
    elements = person.browser.client.elements.values()
    return [element for element in elements if isinstance(element, ui.codemirror)]
