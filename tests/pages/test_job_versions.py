"""The versions of a job on its page: told in words, restored, and up to date."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from cronpp_app.composition import Services
from cronpp_app.domain.audit import Via
from cronpp_app.domain.jobs import HttpAction, Job
from cronpp_app.domain.schedules import CronSchedule
from cronpp_app.services.acting import act
from tests.factories import HOOK, job_definition
from tests.pages.conftest import Person
from tests.pages.waiting import sight_of

AddJob = Callable[..., Awaitable[Job]]
MARKUP = "<img src=x onerror=alert(1)>"


async def edit(services: Services, person: Person, job: Job, **changes: object) -> Job:
    definition = replace(job.definition, **changes)  # type: ignore[arg-type]
    return await services.jobs.edit(person.user, job.id, definition)


async def test_each_version_tells_what_it_changed_old_beside_new(
    ada: Person, add_job: AddJob, services: Services
) -> None:
    job = await add_job(ada, name="Export")
    job = await edit(services, ada, job, name=MARKUP)
    act(via=Via.TOKEN, token="CI", address="198.51.100.7")
    await edit(services, ada, job, schedule=CronSchedule(cron="30 2 * * *"))
    await ada.browser.open(f"/jobs/{job.id}")
    ada.browser.find(marker="versions").click()
    for words in ("Version 3", "Version 2", "Version 1", "Present", "Every day at 02:30", MARKUP):
        await ada.browser.should_see(words)
    await ada.browser.should_see("30 2 * * *")
    await ada.browser.should_see("Edited with the API token CI")


async def test_a_version_is_restored_after_a_question_and_that_can_be_undone(
    ada: Person, add_job: AddJob, services: Services
) -> None:
    job = await add_job(ada, name="Export")
    await edit(services, ada, job, name="Import")
    await ada.browser.open(f"/jobs/{job.id}/versions")
    await ada.browser.should_see(marker="restore-1")
    await ada.browser.should_not_see(marker="restore-2")
    ada.browser.find(marker="restore-1").click()
    await ada.browser.should_see("Restore version 1?")
    ada.browser.find(marker="go-on").click()

    async def name() -> str:
        return (await services.jobs.get(ada.user, job.id)).definition.name

    async def is_restored() -> bool:
        return await name() == "Export"

    assert await sight_of(is_restored)
    await ada.browser.should_see("Restored from version 1", retries=50)
    await ada.browser.should_see(marker="restore-2", retries=50)


async def test_an_edit_made_elsewhere_appears_while_versions_are_looked_at(
    ada: Person, add_job: AddJob, services: Services
) -> None:
    job = await add_job(ada)
    await ada.browser.open(f"/jobs/{job.id}/versions")
    await ada.browser.should_see(marker="version-1")
    await ada.browser.should_not_see(marker="version-2")
    await edit(services, ada, job, description="Made elsewhere")
    await ada.browser.should_see(marker="version-2", retries=50)
    await ada.browser.should_see("Made elsewhere", retries=50)


async def test_a_job_of_another_has_no_versions_here(
    bob: Person, ada: Person, add_job: AddJob
) -> None:
    job = await add_job(ada, name="Only hers")
    answer = await bob.browser.http_client.get(f"/jobs/{job.id}/versions")
    assert answer.status_code == 404
    assert "Only hers" not in answer.text


async def test_a_secret_is_told_by_its_mask(
    ada: Person, add_job: AddJob, services: Services
) -> None:
    action = HttpAction(method="POST", url=HOOK, headers={"Authorization": "Bearer first-1234"})
    job = await add_job(ada, action=action)
    other = job_definition(action=replace(action, headers={"Authorization": "Bearer second-5678"}))
    await services.jobs.edit(ada.user, job.id, other)
    await ada.browser.open(f"/jobs/{job.id}/versions")
    await ada.browser.should_see("Header Authorization")
    await ada.browser.should_not_see("Bearer first-1234")
    await ada.browser.should_not_see("Bearer second-5678")
