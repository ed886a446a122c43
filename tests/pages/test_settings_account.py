"""Sessions and leaving, under settings."""

import asyncio
from collections.abc import Awaitable, Callable

from nicegui import ui
from nicegui.testing.user import User as Browser

from cronpp_app.composition import Services
from tests.pages.conftest import PASSWORD, Person
from tests.pages.test_sessions import identity_of
from tests.pages.test_settings_keys import fill, seen
from tests.pages.waiting import until

PHONE = "Mozilla/5.0 (Android 16; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"
FORM = {"email": "ada@example.org", "password": PASSWORD}


async def sign_in_elsewhere(open_browser: Callable[[], Browser], agent: str = PHONE) -> Browser:
    browser = open_browser()
    await browser.http_client.post("/auth/login", data=FORM, headers={"User-Agent": agent})
    return browser


async def test_sessions_are_told_in_words_and_one_is_ended_with_its_open_pages(
    ada: Person, open_browser: Callable[[], Browser], services: Services
) -> None:
    phone = await sign_in_elsewhere(open_browser)
    tablet = await sign_in_elsewhere(open_browser, agent="<img src=x onerror=hacked()>")
    its_page = await phone.open("/")
    closed = asyncio.Event()
    its_page.on_delete(closed.set)
    await ada.browser.open("/settings")
    words = seen(ada.browser)
    assert "Firefox on Android" in words
    assert "Unknown program" in words
    assert words.count("This one") == 1
    (end,) = [
        one
        for one in ada.browser.find(marker="end-session").elements
        if "Firefox on Android" in one.props["aria-label"]
    ]
    from nicegui.testing.user_interaction import UserInteraction

    UserInteraction(ada.browser, {end}, None).click()
    await until(lambda: "Firefox on Android" not in seen(ada.browser))
    await asyncio.wait_for(closed.wait(), timeout=10)
    token = phone.http_client.cookies["cronpp_session"]
    assert await services.accounts.identify(token) is None
    assert await services.accounts.identify(tablet.http_client.cookies["cronpp_session"])


async def test_all_others_are_ended_and_this_one_stays(
    ada: Person, open_browser: Callable[[], Browser], services: Services
) -> None:
    others = [await sign_in_elsewhere(open_browser) for _ in range(3)]
    await ada.browser.open("/settings")
    ada.browser.find(marker="end-others").click()
    await until(lambda: "Firefox on Android" not in seen(ada.browser))
    tokens = [other.http_client.cookies["cronpp_session"] for other in others]
    assert [await services.accounts.identify(token) for token in tokens] == [None] * 3
    assert (await identity_of(services, ada)).user == ada.user
    ada.browser.find("This one")  # and nothing is left to be ended
    await ada.browser.should_not_see(marker="end-others")


async def test_a_session_ended_by_the_rest_api_closes_its_pages_at_once(
    ada: Person, open_browser: Callable[[], Browser]
) -> None:
    phone = await sign_in_elsewhere(open_browser)
    its_page = await phone.open("/")
    closed = asyncio.Event()
    its_page.on_delete(closed.set)
    login = await ada.http.post("/api/auth/login", json=FORM)
    headers = {"Authorization": f"Bearer {login.json()['token']}"}
    answer = await ada.http.delete("/api/auth/sessions", headers=headers)
    assert answer.status_code == 204
    await asyncio.wait_for(closed.wait(), timeout=5)  # the watch looks every ten seconds only


async def test_leaving_asks_for_password_and_address_and_leads_to_the_login(
    ada: Person, bob: Person, services: Services, add_job: Callable[..., Awaitable[object]]
) -> None:
    await add_job(bob)
    await bob.browser.open("/settings")
    submit_leaving(bob.browser)
    await bob.browser.should_see("Is needed to delete the account.", retries=50)
    await confirm_leaving(bob, "not this one")
    await bob.browser.should_see("Is not your current password.", retries=50)
    assert await services.accounts.user(bob.user.id) == bob.user
    client = await bob.browser.open("/settings")
    closed = asyncio.Event()
    client.on_delete(closed.set)
    await confirm_leaving(bob, PASSWORD)
    await asyncio.wait_for(closed.wait(), timeout=10)
    assert await services.accounts.user(bob.user.id) is None
    assert (await bob.http.get("/settings")).status_code == 303


async def test_the_only_administrator_is_told_why_leaving_is_not_possible(
    ada: Person, bob: Person, services: Services
) -> None:
    await ada.browser.open("/settings")
    await confirm_leaving(ada, PASSWORD)
    await ada.browser.should_see("You are the only administrator", retries=50)
    assert await services.accounts.user(ada.user.id) == ada.user


async def confirm_leaving(person: Person, password: str) -> None:
    fill(person.browser, "leaving-password", password)
    submit_leaving(person.browser)
    await person.browser.should_see("Delete your account?", retries=50)
    (typed,) = person.browser.find(marker="typed").elements
    assert isinstance(typed, ui.input)
    typed.value = person.user.email
    person.browser.find(marker="go-on").click()
    await until(lambda: not any(one.value for one in dialogs(person.browser)))


def dialogs(browser: Browser) -> list[ui.dialog]:
    assert browser.client is not None
    return [one for one in browser.client.elements.values() if isinstance(one, ui.dialog)]


def submit_leaving(browser: Browser) -> None:
    from nicegui.testing.user_interaction import UserInteraction

    (button,) = browser.find(marker="delete-account").elements
    form = next(one for one in button.ancestors() if one.tag == "form")
    UserInteraction(browser, {form}, None).trigger("submit.prevent")
