"""Open pages: only the session that fetched one may speak for it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from nicegui import Client, core, ui
from nicegui.testing.user import User as Browser

from cronpp_app.composition import Services
from cronpp_app.domain.jobs import Job
from cronpp_app.services.accounts import Identity
from tests.pages.conftest import Person

AddJob = Callable[..., Awaitable[Job]]


async def identity_of(services: Services, person: Person) -> Identity:
    identity = await services.accounts.identify(person.http.cookies["cronpp_session"])
    assert identity is not None
    return identity


def connect_with(client: Client, identity: Identity | None) -> None:
    """Have a socket with this session take up the page."""
    from pages.sockets import _bind

    client.environ = {"asgi.scope": {"type": "websocket", "state": {"identity": identity}}}
    _bind(client)


async def test_a_socket_of_the_same_session_may_take_up_a_page(
    ada: Person, services: Services
) -> None:
    client = await ada.browser.open("/")
    connect_with(client, await identity_of(services, ada))
    assert not client.is_deleted


@pytest.mark.parametrize("is_signed_in", [True, False])
async def test_a_socket_of_somebody_else_may_not(
    ada: Person, bob: Person, services: Services, is_signed_in: bool
) -> None:
    client = await ada.browser.open("/")
    connect_with(client, await identity_of(services, bob) if is_signed_in else None)
    assert client.is_deleted


async def test_a_socket_speaks_only_for_the_page_it_was_opened_for(
    ada: Person, add_job: AddJob, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await add_job(ada)
    client = await ada.browser.open("/")
    heard: list[Any] = []
    monkeypatch.setattr(client, "handle_event", heard.append)
    monkeypatch.setattr(core.sio, "rooms", lambda sid: {"own": [client.id]}.get(sid, [sid]))
    event = {"client_id": client.id, "id": 1, "listener_id": "x", "args": ["pause", job.id]}
    for name in ("event", "javascript_response", "ack"):
        core.sio.handlers["/"][name]("another socket", dict(event))
    assert heard == []
    core.sio.handlers["/"]["event"]("own", event)
    assert heard == [event]


async def test_a_browser_writes_nothing_into_the_log(
    stranger: Browser, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Anybody can open the login, and a line break in a message would begin a line of the log."""
    client = await stranger.open("/login")
    monkeypatch.setattr(core.sio, "rooms", lambda _: [client.id])
    hear = core.sio.handlers["/"]
    said = {"client_id": client.id, "level": "error", "message": "\nINFO forged line"}
    hear["log"]("own", said)
    for nonsense in (5, None, {}, said, said | {"id": 1, "args": ["{"]}, said | {"id": []}):
        for name in ("event", "javascript_response", "ack"):
            hear[name]("own", nonsense)
        assert await hear["handshake"]("own", nonsense) is False
    assert caplog.records == []


async def test_of_pages_that_nobody_opens_few_are_kept(
    ada: Person, stranger: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pages import unopened

    monkeypatch.setattr(unopened, "MOST_KEPT", 2)
    opened = await ada.browser.open("/")
    await ada.http.get("/settings")
    for _ in range(4):
        await stranger.http_client.get("/login")
    unopened.forget_oldest()
    kept = [client.page.path for client in Client.instances.values()]
    assert kept == ["/", "/settings", "/login", "/login"]
    assert not opened.is_deleted


async def test_changing_the_password_closes_the_pages_of_other_sessions(
    ada: Person, open_browser: Callable[[], Any], services: Services
) -> None:
    other = open_browser()
    form = {"email": "ada@example.org", "password": "correct horse battery"}
    await other.http_client.post("/auth/login", data=form)
    elsewhere = await other.open("/")
    closed = asyncio.Event()
    elsewhere.on_delete(closed.set)
    await ada.browser.open("/settings")
    fill(ada, "password-current", "correct horse battery")
    fill(ada, "password-new", "a better battery horse")
    submit(ada)
    await asyncio.wait_for(closed.wait(), timeout=10)
    assert not ada.browser.client.is_deleted  # type: ignore[union-attr]
    assert await services.accounts.identify(other.http_client.cookies["cronpp_session"]) is None


async def test_a_wrong_present_password_is_told_at_its_field(ada: Person) -> None:
    await ada.browser.open("/settings")
    fill(ada, "password-current", "not this one")
    fill(ada, "password-new", "a better battery horse")
    submit(ada)
    await ada.browser.should_see("Is not your current password.", retries=20)


async def test_the_time_zone_is_kept(ada: Person, services: Services) -> None:
    await ada.browser.open("/settings")
    choices = ada.browser.find(ui.select).elements
    (zone,) = [choice for choice in choices if "Asia/Tokyo" in choice.options]
    zone.value = "Asia/Tokyo"
    await ada.browser.should_see("Times are now shown in the time zone Asia/Tokyo.", retries=20)
    assert (await identity_of(services, ada)).user.timezone == "Asia/Tokyo"


def fill(person: Person, mark: str, words: str) -> None:
    (field,) = person.browser.find(marker=mark).elements
    field.value = words  # type: ignore[attr-defined]


def submit(person: Person) -> None:
    assert person.browser.client is not None
    form = next(
        element
        for element in person.browser.client.elements.values()
        if element.tag == "form" and element.props["method"] == "post" and element._event_listeners
    )
    from nicegui.testing.user_interaction import UserInteraction

    UserInteraction(person.browser, {form}, None).trigger("submit.prevent")
