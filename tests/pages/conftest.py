import gc
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from nicegui import ui
from nicegui.functions.download import download
from nicegui.functions.navigate import Navigate
from nicegui.functions.notify import notify
from nicegui.testing.general import nicegui_reset_globals
from nicegui.testing.user import User as Browser

from cronpp_app.api.app import build_api
from cronpp_app.clock import utc_now
from cronpp_app.composition import Services, build_departures, build_services, offered_by
from cronpp_app.domain.jobs import Job, JobDefinition
from cronpp_app.services.accounts import Accounts, User
from cronpp_app.services.administration import Administration
from cronpp_app.services.login_guard import LoginGuard
from cronpp_app.services.passwords import Hasher
from cronpp_app.settings import Settings
from cronpp_app.store.accounts import AccountStore
from cronpp_app.store.database import Database, connect
from cronpp_app.store.indexes import ensure_indexes
from cronpp_app.store.keys import Keys
from cronpp_app.store.people import PeopleStore
from cronpp_app.store.throttles import ThrottleStore
from tests.factories import job_definition

PASSWORD = "correct horse battery"


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody signed in: a browser that shows pages, and the account behind it."""

    browser: Browser
    user: User

    @property
    def http(self) -> AsyncClient:
        return self.browser.http_client


@pytest.fixture
async def database(mongodb_uri: str, database_name: str) -> AsyncIterator[Database]:
    database = connect(mongodb_uri, database_name)
    await ensure_indexes(database)
    yield database
    await database.client.close()


@pytest.fixture
def settings(tmp_path: Any) -> Settings:
    return Settings(data_dir=tmp_path, egress_allow="127.0.0.1/32")


@pytest.fixture
async def services(database: Database, keys: Keys, settings: Settings) -> AsyncIterator[Services]:
    built = build_services(settings, database, keys)
    quick = Hasher(time_cost=1, memory_kib=1024)
    accounts = Accounts(
        AccountStore(database), LoginGuard(ThrottleStore(database)), audit=built.audit, hasher=quick
    )
    retention = timedelta(days=settings.retention_days)
    departures = build_departures(database, keys, accounts, audit=built.audit, retention=retention)
    administration = Administration(
        PeopleStore(database), accounts, built.bulk_jobs, audit=built.audit
    )
    services = replace(
        built, accounts=accounts, departures=departures, administration=administration
    )
    yield services
    await services.aclose()


@pytest.fixture(scope="package")
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


@pytest.fixture
def left_alone(thawed: None) -> None:
    """Keep what other tests left out of the collections of garbage that NiceGUI makes by test.

    Each of them would look through hundreds of megabytes, three times a test, for seconds.
    """
    gc.freeze()


@pytest.fixture
def simulated(left_alone: None) -> Iterator[None]:
    """NiceGUI without a browser, as new for each test."""
    os.environ["NICEGUI_USER_SIMULATION"] = "true"
    try:
        with nicegui_reset_globals():
            yield
    finally:
        os.environ.pop("NICEGUI_USER_SIMULATION", None)
        ui.navigate, ui.notify, ui.download = Navigate(), notify, download


@pytest.fixture
async def web(services: Services, simulated: None) -> AsyncIterator[FastAPI]:
    # NiceGUI forgets modules with pages after each test, so they are imported for each.
    from pages import register_pages

    web = build_api(offered_by(services), secret_key="a secret for tests")
    register_pages(web, services)
    async with web.router.lifespan_context(web):
        yield web


@pytest.fixture
async def open_browser(web: FastAPI) -> AsyncIterator[Callable[[], Browser]]:
    clients: list[AsyncClient] = []

    def make() -> Browser:
        client = AsyncClient(transport=ASGITransport(web), base_url="http://cronpp.test")
        clients.append(client)
        return Browser(client)

    yield make
    for client in clients:
        await client.aclose()


@pytest.fixture
def stranger(open_browser: Callable[[], Browser]) -> Browser:
    """A browser in which nobody has signed in."""
    return open_browser()


@pytest.fixture
def sign_up(
    open_browser: Callable[[], Browser], services: Services
) -> Callable[[str], Awaitable[Person]]:
    async def make(email: str) -> Person:
        browser = open_browser()
        form = {"email": email, "password": PASSWORD, "timezone": "Europe/Berlin"}
        answer = await browser.http_client.post("/auth/signup", data=form)
        assert answer.status_code == 303
        identity = await services.accounts.identify(browser.http_client.cookies["cronpp_session"])
        assert identity is not None
        return Person(browser=browser, user=identity.user)

    return make


@pytest.fixture
async def ada(sign_up: Callable[[str], Awaitable[Person]]) -> Person:
    return await sign_up("ada@example.org")


@pytest.fixture
async def bob(ada: Person, sign_up: Callable[[str], Awaitable[Person]]) -> Person:
    return await sign_up("bob@example.org")


@pytest.fixture
def add_job(services: Services) -> Callable[..., Awaitable[Job]]:
    """Make a job of a person, without the editor."""

    async def add(person: Person, **changes: Any) -> Job:
        definition: JobDefinition = job_definition(**changes)
        return await services.jobs.create(person.user, definition)

    return add


def in_two_days() -> str:
    """A date and time as a date field gives it, to come in whatever zone."""
    return (utc_now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
