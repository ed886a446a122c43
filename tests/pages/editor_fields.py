"""The fields of the editor as somebody fills and reads them, and the jobs they make."""

from nicegui import ui
from nicegui.testing.user import User as Browser
from nicegui.testing.user_interaction import UserInteraction

from cronpp_app.composition import Services
from cronpp_app.domain.jobs import Job
from cronpp_app.services.accounts import User
from cronpp_app.services.jobs import JobQuery
from tests.pages.waiting import sight_of


def fill(browser: Browser, mark: str, words: str) -> None:
    (field,) = browser.find(marker=mark).elements
    assert isinstance(field, ui.input | ui.textarea)
    field.value = words


def value_of(browser: Browser, mark: str) -> str:
    (field,) = browser.find(marker=mark).elements
    assert isinstance(field, ui.input)
    return str(field.value or "")


def error_of(browser: Browser, mark: str) -> str:
    (field,) = browser.find(marker=mark).elements
    assert isinstance(field, ui.input)
    return field.error or ""


def tell(browser: Browser, event: str, words: object) -> None:
    """Let the page hear an event of the whole browser window."""
    assert browser.client is not None
    UserInteraction(browser, {browser.client.layout}, None).trigger(event, words)


async def jobs_of(services: Services, user: User) -> tuple[Job, ...]:
    return (await services.jobs.search(user, JobQuery())).items


async def saved(services: Services, user: User) -> Job:
    """Return the only job of a person, once it is there."""
    jobs = await sight_of(lambda: jobs_of(services, user))
    (job,) = jobs
    return job
