"""The editor's help in a real browser: pasted commands, test runs, drafts that come back."""

from playwright.sync_api import Dialog, Page, expect

from tests.browser.conftest import Account, Target
from tests.cluster.program import PASSWORD

_PASTE = """([field, words]) => {
  const data = new DataTransfer();
  data.setData("text/plain", words);
  const options = {clipboardData: data, bubbles: true, cancelable: true};
  field.dispatchEvent(new ClipboardEvent("paste", options));
}"""


def paste(page: Page, label: str, words: str) -> None:
    """Paste as people do, which the clipboard of a headless browser does not allow."""
    field = page.get_by_label(label, exact=True)
    field.focus()
    page.evaluate(_PASTE, [field.element_handle(), words])


def test_a_command_pasted_into_any_field_fills_the_form_and_is_tried_out(
    page: Page, ada: Account, target: Target
) -> None:
    page.goto("/jobs/new")
    expect(page.locator(".cx-fire")).to_have_count(5)
    url = f"{target.url}/ok"
    paste(
        page, "URL", f"curl -X POST \\\n  -H 'X-Token: <b>1</b>' \\\n  --json '{{\"a\": 1}}' {url}"
    )
    expect(page.get_by_label("URL", exact=True)).to_have_value(url)
    expect(page.get_by_role("textbox", name="Request body")).to_contain_text('{"a": 1}')
    page.get_by_role("button", name="Send test request").click()
    panel = page.get_by_role("dialog", name="Test run")
    expect(panel.get_by_text("Answered with status 200")).to_be_visible()
    panel.get_by_role("tab", name="Request").click()
    panel.get_by_text("Headers (").click()
    expect(panel.get_by_text("<b>1</b>")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_label("curl command, crontab line or URL").fill(f"@hourly curl {target.url}/busy")
    expect(page.locator(".cx-preview-words")).to_have_text("Every hour, on the hour")
    page.get_by_role("button", name="Create job").click()
    expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
    (job,) = ada.http.get("/api/jobs").json()["items"]
    assert job["schedule"]["cron"] == "@hourly"
    assert job["action"]["url"] == f"{target.url}/busy"


def test_what_was_typed_is_back_after_a_reload_and_gone_after_a_fresh_start(page: Page) -> None:
    page.goto("/jobs/new")
    name = page.get_by_label("Name", exact=True)
    expect(page.locator(".cx-fire")).to_have_count(5)
    name.fill("Half done")
    page.get_by_role("button", name="Add header").click()
    page.get_by_label("Header name").fill("Authorization")
    page.get_by_label("Header value").fill("Bearer of secrets")
    page.wait_for_function(
        "Object.values(sessionStorage).some(kept => kept.includes('Authorization'))"
    )
    assert "secrets" not in page.evaluate("JSON.stringify(sessionStorage)")
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(name).to_have_value("Half done")
    expect(page.get_by_label("Header name")).to_have_value("Authorization")
    page.once("dialog", lambda dialog: dialog.accept())
    page.goto("/jobs/new")
    expect(page.locator(".cx-fire")).to_have_count(5)
    expect(name).to_have_value("")


def test_a_half_filled_form_is_back_after_its_session_has_ended(page: Page, ada: Account) -> None:
    page.goto("/jobs/new")
    expect(page.locator(".cx-fire")).to_have_count(5)
    paste(page, "Name", "x" * 300_001)  # more than the server would hear of
    expect(page.get_by_text("Not pasted: 300,001 characters")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("Half done")
    page.wait_for_function("Object.values(sessionStorage).some(kept => kept.includes('Half done'))")
    asked: list[str] = []

    def go_on(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.once("dialog", go_on)
    ada.http.post("/api/auth/logout-all")
    page.get_by_label("Email").fill(ada.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Half done")
    assert asked == []


def test_the_preview_goes_on_as_its_times_pass(page: Page) -> None:
    page.goto("/jobs/new")
    page.get_by_label("Cron expression").fill("* * * * * *")
    first = page.locator(".cx-fire").first
    expect(first).to_contain_text("in ")
    before = first.inner_text()
    expect(first.locator(".cx-strong")).not_to_have_text(before.splitlines()[1])
    expect(page.locator(".cx-fire")).to_have_count(5)
