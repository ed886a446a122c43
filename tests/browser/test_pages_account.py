"""Sessions in two real browsers, on a desk and in a pocket; and leaving for good."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Account, Target, sign_in
from tests.cluster.program import PASSWORD

PHONE = "Mozilla/5.0 (Android 16; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"
POCKET = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "user_agent": PHONE}


def test_sessions_are_ended_on_the_other_device_and_an_account_is_left_for_good(
    open_page: Callable[..., Page], server: str, ada: Account, target: Target
) -> None:
    bob = Account(server, f"bob-{ada.email}")
    job = bob.add_job("Every second", f"{target.url}/ok", schedule=EVERY_SECOND)
    desk, pocket = sign_in(open_page(), bob), sign_in(open_page(**POCKET), bob)
    desk.goto("/settings")
    sessions = desk.locator("section", has=desk.get_by_role("heading", name="Sessions"))
    rows = sessions.get_by_role("listitem")
    expect(rows).to_have_count(3)  # desk, pocket, and the program that made the job
    expect(rows.first).to_contain_text("This one")
    expect(rows.first).to_contain_text(re.compile("Chrome on"))
    expect(sessions.get_by_text("python-httpx")).to_be_visible()

    pocket.goto("/settings")
    pocket.wait_for_function("window.did_handshake")
    _fits(pocket)
    desk.get_by_role("button", name="End the session of Firefox on Android").click()
    expect(rows).to_have_count(2)
    expect(pocket).to_have_url(re.compile("/login"))  # by itself
    assert bob.http.get("/api/auth/me").status_code == 200
    desk.get_by_role("button", name="End all others").click()
    expect(rows).to_have_count(1)
    expect(desk.get_by_role("button", name="End all others")).to_be_hidden()
    assert bob.http.get("/api/auth/me").status_code == 401

    _take_the_data_along(desk, job)
    _leave_for_good(desk, bob)


def _take_the_data_along(desk: Page, job: dict[str, Any]) -> None:
    with desk.expect_download() as download:
        desk.get_by_role("link", name="Download my data").click()
    assert download.value.suggested_filename == "cronpp-account.json"
    assert job["id"] in download.value.path().read_text()


def _leave_for_good(desk: Page, bob: Account) -> None:
    desk.get_by_label("Your password").fill(PASSWORD)
    desk.get_by_role("button", name="Delete my account").click()
    dialog = desk.get_by_role("dialog", name="Delete your account?")
    go_on = dialog.get_by_role("button", name="Delete everything")
    expect(go_on).to_be_disabled()
    dialog.get_by_role("textbox").fill(bob.email)
    go_on.click()
    expect(desk).to_have_url(re.compile("/login"))
    desk.get_by_label("Email").fill(bob.email)
    desk.get_by_label("Password", exact=True).fill(PASSWORD)
    desk.get_by_role("button", name="Log in").click()
    expect(desk.get_by_text("is wrong")).to_be_visible()


EVERY_SECOND = {"kind": "cron", "cron": "* * * * * *", "timezone": "UTC"}


def _fits(page: Page) -> None:
    """Fail if the page is wider than the screen."""
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
