"""The pages of jobs and runs in a real browser: from a failure to what to do about it."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import Account, Target, signed_in

MARKUP = "<img src=x onerror='window.hacked=true'>{{ constructor.constructor('hacked=1')() }}"


def test_from_the_dashboard_to_the_first_difference_of_a_failed_run(
    page: Page, ada: Account, target: Target
) -> None:
    job = ada.add_job("Reports", f"{target.url}/ok", retry={"max_retries": 0})
    run_now, path = f"/api/jobs/{job['id']}/run", f"/api/jobs/{job['id']}"
    page.goto(f"/jobs/{job['id']}")
    page.get_by_role("button", name="Run now").click()
    expect(page.locator("tr[data-run] .cx-badge-SUCCESS")).to_have_count(1)
    ada.http.patch(path, json={"action": {"kind": "http", "url": f"{target.url}/busy"}})
    expect(page.get_by_text("/busy")).to_be_visible()
    ada.http.post(run_now)
    expect(page.locator("tr[data-run] .cx-badge")).to_have_text(["Failed", "Success"])
    expect(page.locator(".cx-chart.cx-durations rect")).to_have_count(2)

    page.goto("/")
    trouble = page.locator(".cx-next-job", has_text="1 run failed in a row")
    trouble.click()
    expect(page.get_by_text("What to try")).to_be_visible()
    page.get_by_role("tab", name="Compare").click()
    first = page.locator(".cx-compare-first")
    expect(first).to_contain_text("503")
    expect(first).to_contain_text("200")
    page.get_by_role("tab", name="Request").click()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy as curl").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").startswith("curl --include http")
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile(f"/jobs/{job['id']}$"))


def test_runs_come_live_wait_while_somebody_reads_and_open_by_keyboard(
    page: Page, ada: Account, target: Target
) -> None:
    job = ada.add_job("Busy", f"{target.url}/ok")
    run_now = f"/api/jobs/{job['id']}/run"
    page.goto("/activity")
    expect(page.get_by_text("No runs here")).to_be_visible()
    for number in range(1, 13):
        ada.http.post(run_now)
        expect(page.locator("tr[data-run] .cx-badge-SUCCESS")).to_have_count(number)
    page.mouse.move(700, 500)
    page.mouse.wheel(0, 600)
    page.wait_for_function("window.scrollY > 160")
    ada.http.post(run_now)
    news = page.get_by_role("button", name="1 new")
    expect(news).to_be_visible()
    expect(page.locator("tr[data-run]")).to_have_count(12)
    news.click()
    expect(page.locator("tr[data-run]")).to_have_count(13)
    page.get_by_role("button", name=re.compile("Open the success run")).first.press("Enter")
    expect(page.get_by_role("dialog", name="Log of Busy")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile("/activity$"))


def test_jobs_are_picked_and_paused_together(page: Page, ada: Account, target: Target) -> None:
    for name in ("Alpha", "Beta", "Gamma"):
        ada.add_job(name, f"{target.url}/ok", tags=["night"])
    expect(page.locator("tr[data-job]")).to_have_count(3)
    page.get_by_role("checkbox", name="Select all jobs on this page").check()
    expect(page.get_by_role("checkbox", name="Select Beta")).to_be_checked()
    page.get_by_role("checkbox", name="Select Beta").uncheck()
    bar = page.get_by_role("region", name="Selected jobs")
    expect(bar).to_contain_text("2 jobs selected")
    all_of_them = page.get_by_role("checkbox", name="Select all jobs on this page")
    expect(all_of_them).to_be_checked(indeterminate=True)
    bar.get_by_role("button", name="Select all 3 that match").click()
    bar.get_by_role("button", name="Pause").click()
    expect(page.locator(".cx-badge-PAUSED")).to_have_count(3)
    expect(bar).not_to_be_visible()
    page.get_by_role("button", name="night", exact=True).click()
    expect(page).to_have_url(re.compile("tag=night"))


def test_an_edit_is_looked_up_and_taken_back(page: Page, ada: Account, target: Target) -> None:
    job = ada.add_job("Export", f"{target.url}/ok")
    ada.http.patch(f"/api/jobs/{job['id']}", json={"name": "Import"})
    page.goto(f"/jobs/{job['id']}")
    page.get_by_title("All versions").click()
    panel = page.get_by_role("dialog", name="Versions")
    expect(panel.locator("del")).to_have_text("Export")
    expect(panel.locator("ins")).to_have_text("Import")
    panel.get_by_role("button", name="Restore version 1").click()
    page.get_by_role("button", name="Restore", exact=True).click()
    expect(panel.get_by_text("Restored from version 1")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile(f"/jobs/{job['id']}$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Export")


def test_no_picture_reads_a_name_as_markup(page: Page, ada: Account, target: Target) -> None:
    job = ada.add_job(MARKUP, f"{target.url}/markup", retry={"max_retries": 0})
    ada.http.post(f"/api/jobs/{job['id']}/run")
    expect(page.locator(".cx-failing")).to_be_visible()
    for path, place in (
        ("/", ".cx-next-job"),
        ("/jobs", ".cx-job-name"),
        (f"/jobs/{job['id']}", "h1"),
        ("/activity", ".cx-job-name"),
        ("/timeline", ".cx-lane-name"),
    ):
        page.goto(path)
        expect(page.locator(place, has_text=MARKUP).first).to_be_visible()
        assert page.evaluate("window.hacked") is None


def test_a_phone_has_all_pages_without_sideways_scrolling(
    open_page: Callable[..., Page], ada: Account, target: Target
) -> None:
    name = "A rather long name for a job on a rather small screen"
    job = ada.add_job(name, f"{target.url}/busy", retry={"max_retries": 0})
    ada.http.post(f"/api/jobs/{job['id']}/run")
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    page = signed_in(open_page(**phone), ada)
    expect(page.locator(".cx-failing")).to_be_visible()
    for path, sign in (
        ("/", ".cx-tile"),
        ("/jobs", "tr[data-job]"),
        (f"/jobs/{job['id']}", ".cx-year"),
        ("/activity", "tr[data-run]"),
        ("/timeline", ".cx-run-mark"),
        ("/workers", ".cx-worker-card"),
    ):
        page.goto(path)
        expect(page.locator(sign).first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
