"""Without a mouse: the palette, shortcuts, undo; and what the tab and the banner tell."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Account, Target

# All of it before the palette can be there.
_ENTER_TAKEN_BACK = """for (const key of ["k", "Enter", "Escape"]) {
  const options = {key, ctrlKey: key === "k", bubbles: true, cancelable: true};
  document.body.dispatchEvent(new KeyboardEvent("keydown", options));
}"""


def test_the_palette_finds_jobs_pages_and_actions_by_keys_alone(
    page: Page, ada: Account, target: Target
) -> None:
    job = ada.add_job("Nightly <b>export</b>", f"{target.url}/ok")
    ada.add_job("Warm the cache", f"{target.url}/ok")
    page.keyboard.press("Control+k")
    search = page.get_by_role("combobox", name="Search jobs, pages and actions")
    expect(search).to_be_focused()
    expect(page.get_by_role("option", name="Warm the cache")).to_be_visible()
    page.keyboard.type("night")
    options = page.get_by_role("option")
    expect(options).to_have_count(1)
    expect(options.first).to_contain_text("Nightly <b>export</b>")
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Shift+Enter")
    expect(page).to_have_url(re.compile(f"/jobs/{job['id']}/edit"))
    expect(page.locator(".cx-fire")).to_have_count(5)
    page.evaluate(_ENTER_TAKEN_BACK)
    expect(search).to_be_focused()
    page.keyboard.type("warm")
    expect(options).to_have_count(1)
    page.keyboard.press("Escape")
    expect(search).to_be_hidden()
    page.keyboard.press("Control+k")
    page.keyboard.type("settings")
    page.keyboard.press("Enter")  # faster than any answer
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()
    page.keyboard.press("Control+k")
    expect(search).to_be_focused()
    page.keyboard.type("light")
    expect(options).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("body")).to_have_class(re.compile("body--dark"))
    expect(search).to_be_hidden()


def test_keys_lead_to_pages_and_tell_of_themselves(page: Page) -> None:
    page.wait_for_function("window.did_handshake")
    page.keyboard.press("?")
    overlay = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(overlay.get_by_text("Search and commands")).to_be_visible()
    page.keyboard.press("Escape")
    expect(overlay).to_be_hidden()
    page.keyboard.press("g")
    page.keyboard.press("s")
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()
    page.keyboard.press("n")
    expect(page.get_by_role("heading", name="New job")).to_be_visible()


def test_pausing_and_deleting_can_be_taken_back(page: Page, ada: Account, target: Target) -> None:
    job = ada.add_job("Precious", f"{target.url}/ok")
    row = page.locator("tr", has_text="Precious")
    page.get_by_role("button", name="Pause Precious").click()
    expect(row.locator(".cx-badge")).to_have_text("Paused")
    page.get_by_role("button", name="Undo").click()
    expect(row.locator(".cx-badge")).to_have_text("Pending")
    page.get_by_role("button", name="More actions for Precious").click()
    page.get_by_role("menuitem", name="Delete").click()
    expect(row).to_be_hidden()
    assert ada.http.get(f"/api/jobs/{job['id']}").status_code == 404
    page.get_by_text("is deleted.").locator("xpath=ancestor::*[@role='alert']").get_by_role(
        "button", name="Undo"
    ).click()
    expect(row).to_be_visible()
    assert ada.http.get(f"/api/jobs/{job['id']}").json()["enabled"]


def test_the_tab_tells_of_failing_jobs(page: Page, ada: Account, target: Target) -> None:
    job = ada.add_job("Broken", f"{target.url}/busy", retry={"max_retries": 0})
    ada.http.post(f"/api/jobs/{job['id']}/run")
    page.goto("/settings")
    expect(page).to_have_title(re.compile(r"^\(1\) "))
    expect(page.locator("link[rel~=icon]")).to_have_attribute("href", re.compile("failing"))
    ada.http.delete(f"/api/jobs/{job['id']}")
    expect(page).to_have_title("Settings · Cron++")


def test_a_lost_connection_is_told_and_what_was_missed_is_caught_up(
    page: Page, ada: Account, target: Target
) -> None:
    expect(page.get_by_text("Create your first job")).to_be_visible()
    page.wait_for_function("window.did_handshake")
    page.context.set_offline(True)
    page.evaluate("window.socket.disconnect()")
    expect(page.get_by_text("Connection lost")).to_be_visible()
    ada.add_job("Made meanwhile", f"{target.url}/ok")
    page.context.set_offline(False)
    # Each attempt of the socket's own is announced, so that it tells what has come until then.
    page.evaluate("window.socket.io.emitReserved('reconnect_attempt'); window.socket.connect()")
    expect(page.locator("tr", has_text="Made meanwhile")).to_be_visible()
    expect(page.get_by_text("Connection lost")).to_be_hidden()
