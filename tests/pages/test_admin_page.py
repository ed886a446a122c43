"""Who is led to administration, and how the log tells of what is done on pages."""

from collections.abc import Awaitable, Callable

from cronpp_app.composition import Services
from cronpp_app.domain.jobs import Job
from cronpp_app.services.administration import Role
from cronpp_app.services.audit import AuditQuery
from tests.pages.conftest import Person

AddJob = Callable[..., Awaitable[Job]]


async def test_only_administrators_find_the_page_and_the_way_there(
    ada: Person, bob: Person
) -> None:
    await ada.browser.open("/")
    await ada.browser.should_see("Admin")
    await ada.browser.open("/admin")
    await ada.browser.should_see("Audit log")
    await bob.browser.open("/")
    await bob.browser.should_not_see("Admin")
    assert (await bob.http.get("/admin")).status_code == 404


async def test_the_page_is_gone_for_somebody_who_is_no_administrator_any_more(
    ada: Person, bob: Person, services: Services
) -> None:
    await services.administration.set_role(ada.user, bob.user.id, Role.ADMIN)
    assert (await bob.http.get("/admin")).status_code == 200
    await services.administration.set_role(ada.user, bob.user.id, Role.USER)
    assert (await bob.http.get("/admin")).status_code == 404


async def test_the_log_tells_that_something_was_done_on_a_page(
    ada: Person, services: Services, add_job: AddJob
) -> None:
    job = await add_job(ada)
    await ada.browser.open(f"/jobs/{job.id}")
    ada.browser.find(marker="pause").click()
    await ada.browser.should_see("Resume", retries=50)
    page = await services.audit.own(ada.user, AuditQuery())
    newest = page.items[0]
    assert (newest.action, newest.via, newest.address) == ("job.paused", "page", "127.0.0.1")
