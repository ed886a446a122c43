"""Administration in real browsers: somebody is shut out while they work, and let in again."""

import re
from collections.abc import Callable

import httpx
from playwright.sync_api import Page, expect

from tests.browser.conftest import Account, Target, sign_in, signed_in
from tests.browser.screenshots import PHONE
from tests.browser.test_accessibility import violations
from tests.cluster.program import PASSWORD

HOURLY = {"schedule": {"kind": "interval", "every_seconds": 3600}}


def test_an_administrator_shuts_somebody_out_and_in_again(
    open_page: Callable[..., Page], server: str, administrator: Account, target: Target
) -> None:
    bob = Account(server, "bob@example.org")
    markup = '<img src=x onerror="document.title=1">'
    bob.add_job(markup, f"{target.url}/ok", **HOURLY)
    bobs = sign_in(open_page(), bob)
    _finds_no_administration(bobs)
    bobs.goto("/jobs")
    bobs.wait_for_function("window.did_handshake")

    page = signed_in(open_page(), administrator)
    page.wait_for_function("window.did_handshake")
    _goes_to_administration_by_key(page)
    accounts, log = page.locator("tr[data-person]"), page.locator("tr[data-entry]")
    expect(accounts.filter(has_text=administrator.email)).to_have_count(1)
    expect(log.filter(has_text="created the job").first).to_contain_text(markup)

    page.get_by_label("Search accounts").fill("bob@")
    expect(accounts).to_have_count(1)
    page.get_by_role("button", name="Disable bob@example.org").click()
    page.get_by_role("dialog").get_by_role("button", name="Disable account").click()
    expect(accounts.first).to_contain_text("Disabled")
    expect(bobs).to_have_url(re.compile("/login"))  # by itself
    _is_refused(bobs, bob)
    # What happens elsewhere comes by itself.
    expect(log.first).to_contain_text("bob@example.org was refused sign-in")

    _narrow_the_log(page)
    page.get_by_role("button", name="Enable bob@example.org").click()
    expect(accounts.first).to_contain_text("Active")
    sign_in(bobs, bob)
    bobs.goto("/jobs")
    expect(bobs.locator("tr[data-job]")).to_contain_text("Pending")

    _ask_to_be_no_administrator(page, administrator)

    _pleases_axe(page)
    _fits_a_phone(signed_in(open_page(color_scheme="dark", **PHONE), administrator))


def _finds_no_administration(page: Page) -> None:
    expect(page.get_by_role("link", name="Admin", exact=True)).to_have_count(0)
    hidden = page.request.get("/admin")
    assert (hidden.status, "Nothing here" in hidden.text()) == (404, True)


def _goes_to_administration_by_key(page: Page) -> None:
    page.keyboard.press("g")
    page.keyboard.press("m")
    expect(page).to_have_url(re.compile("/admin$"))
    assert page.title() == "Admin · Cron++"


def _is_refused(page: Page, account: Account) -> None:
    page.get_by_label("Email").fill(account.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("is wrong")).to_be_visible()
    assert account.http.get("/api/jobs").status_code == 401


def _narrow_the_log(page: Page) -> None:
    log = page.locator("tr[data-entry]")
    page.get_by_role("button", name="Only what bob@example.org did").click()
    expect(page.get_by_role("button", name="Only bob@example.org")).to_be_visible()
    expect(log.filter(has_text="disabled the account of bob@example.org")).to_have_count(1)
    page.get_by_label("What was done").click()
    page.get_by_role("option", name="Job: created").click()
    expect(log).to_have_count(1)
    page.get_by_role("button", name="Only bob@example.org").click()
    expect(page.get_by_role("button", name="Only bob@example.org")).to_be_hidden()


def _ask_to_be_no_administrator(page: Page, administrator: Account) -> None:
    page.get_by_label("Search accounts").fill(administrator.email)
    page.get_by_role("button", name=f"Make {administrator.email} a user").click()
    page.get_by_role("dialog").get_by_role("button", name="Make a user").click()
    expect(page.get_by_text("make somebody else one first")).to_be_visible()


def _fits_a_phone(page: Page) -> None:
    page.goto("/admin")
    _pleases_axe(page)
    too_wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not page.evaluate(too_wide)


def _pleases_axe(page: Page) -> None:
    expect(page.locator("tr[data-person]").first).to_be_visible()
    expect(page.locator("tr[data-entry]").first).to_be_visible()
    assert violations(page) == []


def test_strangers_are_sent_to_the_login(server: str) -> None:
    answer = httpx.get(f"{server}/admin")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/admin")
