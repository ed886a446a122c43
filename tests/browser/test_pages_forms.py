"""Forms in a real browser: signing up, the editor, the theme."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import Account, Target
from tests.cluster.program import PASSWORD


def test_signing_up_leads_back_to_where_one_wanted_to_go(
    open_page: Callable[..., Page], ada: Account
) -> None:
    page = open_page()
    page.goto("/settings")
    page.get_by_role("link", name="Create an account").click()
    page.get_by_label("Email").fill(f"new-{ada.email}")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()
    expect(page.get_by_role("combobox", name="Time zone")).to_have_value("Europe/Berlin")


def test_signing_up_tells_what_is_wrong_while_one_types(
    open_page: Callable[..., Page], ada: Account
) -> None:
    page = open_page()
    page.goto("/signup")
    email, password = page.get_by_label("Email"), page.get_by_label("Password", exact=True)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_text("Give your e-mail address.")).to_be_visible()
    expect(email).to_be_focused()
    page.keyboard.type("new-ada@")
    page.keyboard.press("Tab")
    expect(page.get_by_text("This is not a whole e-mail address")).to_be_visible()
    email.fill(f"typed-{ada.email}")
    expect(page.get_by_text("This is not a whole e-mail address")).to_be_hidden()
    password.fill("short")
    expect(page.get_by_text("3 more to go")).to_be_visible()
    expect(page.get_by_text("Weak", exact=True)).to_be_visible()
    password.fill(PASSWORD)
    expect(page.get_by_text("Strong", exact=True)).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()


def test_a_refused_login_keeps_the_address_and_can_be_loaded_again(
    open_page: Callable[..., Page], ada: Account
) -> None:
    page = open_page()
    page.goto("/login?next=/settings")
    page.get_by_label("Email").fill(ada.email)
    page.get_by_label("Password", exact=True).fill("not the one")
    with page.expect_response("**/auth/login") as answer:
        page.keyboard.press("Enter")
    assert answer.value.status == 401
    expect(page.get_by_role("alert")).to_have_text("The e-mail address or the password is wrong.")
    expect(page.get_by_label("Email")).to_have_value(ada.email)
    expect(page.get_by_label("Password", exact=True)).to_have_value("")
    expect(page).to_have_url(re.compile("/login.next=/settings$"))
    page.reload()
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()


def test_a_job_is_made_from_presets_headers_and_a_body(
    page: Page, ada: Account, target: Target
) -> None:
    page.keyboard.press("n")
    page.get_by_label("Name", exact=True).fill("Posts")
    page.get_by_role("button", name="Every 5 minutes").click()
    expect(page.get_by_label("Minute", exact=True)).to_have_value("*/5")
    expect(page.locator(".cx-fire")).to_have_count(5)
    page.get_by_label("URL", exact=True).fill(f"{target.url}/ok")
    page.get_by_role("combobox", name="Method").click()
    page.get_by_role("option", name="POST").click()
    expect(page.get_by_label("Header value")).to_have_value("application/json")
    body = page.get_by_role("textbox", name="Request body")
    body.click()
    page.keyboard.insert_text('{"full": tru}')
    expect(page.get_by_text("Not JSON")).to_be_visible()
    page.get_by_role("button", name="Create job").click()
    expect(page.get_by_text("Is not valid JSON")).to_be_visible()
    body.click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text('{"full": true}')
    expect(page.get_by_text("Valid JSON", exact=True)).to_be_visible()
    page.get_by_role("button", name="Create job").click()
    expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
    (job,) = ada.http.get("/api/jobs").json()["items"]
    assert job["action"]["body"] == '{"full": true}'
    assert job["schedule"] == {
        "kind": "cron",
        "cron": "*/5 * * * *",
        "timezone": "UTC",
        "start_at": None,
        "end_at": None,
        "jitter_seconds": 0,
    }


def test_leaving_with_unsaved_changes_asks_first(page: Page) -> None:
    page.goto("/jobs/new")
    expect(page.locator(".cx-fire")).to_have_count(5)
    page.get_by_label("Name", exact=True).fill("Half done")
    page.get_by_label("URL", exact=True).fill("https://example.org")
    expect(page.get_by_label("URL", exact=True)).to_have_value("https://example.org")
    page.wait_for_function("window.cxHasUnsaved()")
    asked: list[str] = []

    def stay(dialog):  # type: ignore[no-untyped-def]
        asked.append(dialog.type)
        dialog.dismiss()

    page.once("dialog", stay)
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Half done")
    assert asked == ["beforeunload"]
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()


def test_any_time_zone_is_found_by_typing(page: Page) -> None:
    page.goto("/jobs/new")
    zone = page.get_by_role("combobox", name="Time zone")
    zone.fill("troll")
    page.get_by_role("option", name="Antarctica/Troll").click()
    expect(zone).to_have_value("Antarctica/Troll")
    expect(page.locator(".cx-fire").first).to_contain_text("UTC")
    zone.fill("new_york")  # as programs write it
    page.get_by_role("option", name="America/New York").click()
    expect(zone).to_have_value("America/New York")


def test_the_theme_is_kept_and_there_from_the_first_moment(page: Page) -> None:
    page.get_by_role("button", name="Switch between light and dark").click()
    expect(page.locator("body")).to_have_class(re.compile("body--dark"))
    page.goto("/settings", wait_until="commit")
    assert page.evaluate("document.documentElement.dataset.cxTheme") == "dark"
    expect(page.get_by_role("button", name="Dark", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
