"""Tokens and secrets under settings: made, shown once, taken away."""

import re

from nicegui import ui
from nicegui.testing.user import User as Browser

from cronpp_app.composition import Services
from tests.pages.conftest import Person
from tests.pages.waiting import until


def fill(browser: Browser, mark: str, words: str) -> None:
    (field,) = browser.find(marker=mark).elements
    assert isinstance(field, ui.input)
    field.value = words


def seen(browser: Browser) -> str:
    assert browser.client is not None
    return " ".join(str(one._text or "") for one in browser.client.elements.values())


async def test_a_token_is_made_shown_once_and_deleted(ada: Person, services: Services) -> None:
    await ada.browser.open("/settings")
    ada.browser.find(marker="create-token").click()
    await ada.browser.should_see("Give the token a name.", retries=50)
    fill(ada.browser, "token-name", "Deploy <b>script</b>")
    ada.browser.find(marker="create-token").click()
    await until(lambda: "cpp_" in seen(ada.browser).replace("cpp_…", ""))
    found = re.search(r"cpp_[\w-]{20,}", seen(ada.browser))
    assert found is not None
    identity = await services.tokens.identify(found[0])
    assert identity is not None
    assert (identity.user.id, identity.scope) == (ada.user.id, "read")
    await ada.browser.open("/settings")
    assert found[0] not in seen(ada.browser)
    ada.browser.find(marker="delete-token").click()

    async def is_gone() -> bool:
        return await services.tokens.identify(found[0]) is None

    await until(lambda: "Deploy" not in seen(ada.browser))
    assert await is_gone()


async def test_the_signing_secret_is_shown_when_asked_and_replaced_after_a_yes(
    ada: Person, services: Services
) -> None:
    first = (await services.signing.show(ada.user)).secret
    await ada.browser.open("/settings")
    assert first not in seen(ada.browser)
    ada.browser.find(marker="show-signing").click()
    await until(lambda: first in seen(ada.browser))
    ada.browser.find(marker="replace-signing").click()
    await ada.browser.should_see("For 24 hours", retries=50)
    ada.browser.find(marker="go-on").click()
    await until(lambda: first not in seen(ada.browser))
    second = (await services.signing.show(ada.user)).secret
    assert second != first
    assert second in seen(ada.browser)


async def test_a_secret_is_saved_changed_and_deleted_without_being_shown(
    ada: Person, services: Services
) -> None:
    await ada.browser.open("/settings")
    fill(ada.browser, "secret-name", "small")
    fill(ada.browser, "secret-value", "open sesame 1")
    ada.browser.find(marker="save-secret").click()
    await ada.browser.should_see("capital letters", retries=50)
    fill(ada.browser, "secret-name", "CAVE")
    ada.browser.find(marker="save-secret").click()
    await until(lambda: "not used yet" in seen(ada.browser))
    fill(ada.browser, "secret-name", "CAVE")
    fill(ada.browser, "secret-value", "open barley 22")
    ada.browser.find(marker="save-secret").click()
    await until(lambda: "y 22" in seen(ada.browser))
    page = await ada.http.get("/settings")
    assert "open barley" not in page.text
    ada.browser.find(marker="delete-secret").click()
    await until(lambda: "CAVE" not in seen(ada.browser))
    assert (await services.secrets.list(ada.user)).items == ()
