"""The jobs page in a real browser: what happens shows by itself, and markup stays text."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import Account, Target, signed_in

MARKUP = "<img src=x onerror='window.hacked=true'>{{ constructor.constructor('hacked=1')() }}"


def test_a_job_made_elsewhere_appears_and_counts_down(
    page: Page, ada: Account, target: Target
) -> None:
    expect(page.get_by_text("Create your first job")).to_be_visible()
    ada.add_job("Made elsewhere", f"{target.url}/ok")
    row = page.locator("tr", has_text="Made elsewhere")
    expect(row).to_contain_text("At 09:00, Monday to Friday")
    expect(row.locator(".cx-cell-next time").first).to_contain_text("in ")


def test_a_menu_opened_by_key_outlives_changes_of_its_row_and_of_the_page(
    page: Page, ada: Account, target: Target
) -> None:
    job = ada.add_job("Busy", f"{target.url}/ok")
    opener = page.get_by_role("button", name="More actions for Busy")
    opener.press("Enter")
    edit = page.get_by_role("menuitem", name="Edit")
    expect(edit).to_be_focused()
    ada.http.post(f"/api/jobs/{job['id']}/run")
    expect(page.locator("tr", has_text="Busy").locator(".cx-spark-SUCCESS")).to_have_count(1)
    ada.add_job("Another", f"{target.url}/ok")
    expect(page.locator("tr", has_text="Another")).to_be_visible()
    expect(page.get_by_role("button", name="All 2")).to_be_visible()
    expect(edit).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("menuitem", name="Delete")).to_be_focused()
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()


def test_the_way_back_closes_the_log_and_the_way_forward_opens_it(
    page: Page, ada: Account, target: Target
) -> None:
    ada.add_job("Busy", f"{target.url}/ok")
    opener, log = page.get_by_role("button", name="Logs of Busy"), page.locator(".cx-log")
    for close in (lambda: page.keyboard.press("Escape"), page.go_back):
        opener.press("Enter")
        expect(log).to_be_visible()
        expect(page).to_have_url(re.compile("/runs$"))
        close()
        expect(log).to_have_count(0)
        expect(page).to_have_url(re.compile("/jobs$"))
        expect(opener).to_be_focused()
    page.go_forward()
    expect(log).to_be_visible()


def test_filter_search_and_order_are_in_the_address(
    page: Page, ada: Account, target: Target
) -> None:
    ada.add_job("Alpha", f"{target.url}/ok")
    ada.add_job("Beta", f"{target.url}/ok")
    names = page.locator(".cx-job-name")
    page.get_by_role("button", name="Job", exact=True).click()
    expect(page).to_have_url(re.compile("sort=name"))
    expect(names).to_have_text(["Alpha", "Beta"])
    page.get_by_role("button", name="Job", exact=True).click()
    expect(names).to_have_text(["Beta", "Alpha"])
    page.keyboard.press("/")
    page.keyboard.type("alph")
    expect(names).to_have_text(["Alpha"])
    page.reload()
    expect(names).to_have_text(["Alpha"])
    expect(page.get_by_label("Search jobs")).to_have_value("alph")


def test_markup_in_names_tags_and_answers_stays_text(
    page: Page, ada: Account, target: Target
) -> None:
    job = ada.add_job(MARKUP, f"{target.url}/markup", retry={"max_retries": 0})
    ada.http.post(f"/api/jobs/{job['id']}/run")
    expect(page.locator(".cx-job-name")).to_have_text(MARKUP)
    page.get_by_role("button", name=f"Logs of {MARKUP}").click()
    page.get_by_role("tab", name="Response").click()
    expect(page.locator(".cx-pre")).to_contain_text("<script>window.hacked = true</script>")
    page.goto(f"/jobs/{job['id']}/edit")
    expect(page.get_by_label("Name", exact=True)).to_have_value(MARKUP)
    assert page.evaluate("window.hacked") is None


def test_markup_that_got_into_a_page_would_not_run(page: Page, complaints: list[str]) -> None:
    refused = page.evaluate(
        """() => new Promise(resolve => {
            document.addEventListener("securitypolicyviolation", e => resolve(e.violatedDirective));
            document.body.insertAdjacentHTML("beforeend", `<img src="data:," onerror="hacked=1">`);
        })"""
    )
    assert (refused, page.evaluate("window.hacked")) == ("script-src-attr", None)
    assert "inline event handler" in complaints.pop()


def test_the_log_opens_and_closes_by_keyboard_and_keeps_the_address(
    page: Page, ada: Account, target: Target
) -> None:
    job = ada.add_job("Typed", f"{target.url}/ok")
    logs = page.get_by_role("button", name="Logs of Typed")
    logs.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Log of Typed")).to_be_visible()
    expect(page).to_have_url(re.compile(f"/jobs/{job['id']}/runs$"))
    page.get_by_role("button", name="Run now", exact=True).click()
    expect(page.locator(".cx-run-detail .cx-badge-SUCCESS")).to_be_visible()
    expect(page.locator(".cx-run")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".cx-log")).to_have_count(0)
    expect(page).to_have_url(re.compile("/jobs$"))


def test_nothing_of_one_person_reaches_another(
    page: Page, open_page: Callable[..., Page], server: str, ada: Account, target: Target
) -> None:
    bob = Account(server, f"bob-{ada.email}")
    his = signed_in(open_page(), bob)
    job = ada.add_job("Ada's alone", f"{target.url}/ok")
    expect(page.get_by_text("Ada's alone").first).to_be_visible()
    bob.add_job("Bob's own", f"{target.url}/ok")
    expect(his.locator(".cx-job-name")).to_have_text(["Bob's own"])
    answer = his.request.get(f"/jobs/{job['id']}/runs")
    assert answer.status == 404


def test_logging_out_leads_every_open_page_to_the_login(page: Page) -> None:
    second = page.context.new_page()
    second.goto("/settings")
    page.get_by_role("button", name="account of").click()
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(re.compile("/login"))
    expect(second).to_have_url(re.compile("/login"))


def test_a_phone_shows_cards_and_no_sideways_scrolling(
    open_page: Callable[..., Page], ada: Account, target: Target
) -> None:
    ada.add_job("A rather long name for a job on a rather small screen", f"{target.url}/ok")
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    page = signed_in(open_page(**phone), ada)
    for path in ("/", "/jobs", "/workers", "/jobs/new", "/settings"):
        page.goto(path)
        expect(page.locator(".cx-page")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.goto("/")
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Settings").click()
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()


def test_a_job_with_endless_words_keeps_its_row_and_its_buttons_in_sight(
    page: Page, ada: Account, target: Target
) -> None:
    zone = {"kind": "cron", "cron": "0 0 1 */3 *", "timezone": "America/Argentina/ComodRivadavia"}
    tags = ["t" * 50, "second", "third"]
    ada.add_job("N" * 200, f"{target.url}/ok?{'q' * 500}", schedule=zone, tags=tags)
    more = page.get_by_role("button", name="More actions for ")
    for width in (1440, 1280, 1024, 768, 390):
        page.set_viewport_size({"width": width, "height": 900})
        expect(more).to_be_in_viewport(ratio=1)
        box = "document.querySelector('.cx-jobs .q-table__middle')"
        assert page.evaluate(f"{box}.scrollWidth <= {box}.clientWidth"), width
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), width
