"""axe-core finds nothing wrong on any page, in both themes, on a desktop and on a phone."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pymongo import MongoClient

from tests.browser.conftest import Account, Target, signed_in
from tests.browser.npm_packages import axe_script
from tests.browser.screenshots import DESKTOP, PHONE

_RUN = """async () => {
  const found = await axe.run(document, {resultTypes: ["violations"]});
  return found.violations.map(({id, impact, nodes}) =>
    `${id} (${impact}): ` + nodes.slice(0, 3).map(node => node.target.join(" ")
      + " | " + node.html.slice(0, 160)
      + " | " + node.any.concat(node.all).map(check => check.message).join("; ")).join("\\n  "));
}"""


def violations(page: Page) -> list[str]:
    """Return what axe-core finds wrong once nothing on the page moves any more."""
    page.evaluate("document.fonts.ready.then(() => undefined)")
    page.add_style_tag(
        content="*, *::before, *::after { transition: none !important; animation: none !important }"
    )
    if not page.evaluate("'axe' in window"):
        # Not as a script of the page: that, its policy forbids.
        page.evaluate(axe_script().read_text(encoding="utf-8"))
    return [f"{page.url}: {words}" for words in page.evaluate(_RUN)]


def settled(page: Page, path: str, sign: str) -> None:
    page.goto(path)
    expect(page.locator(sign).first).to_be_visible()


@pytest.mark.parametrize(
    ("size", "theme"),
    [(DESKTOP, "light"), (PHONE, "dark")],
    ids=["light desktop", "dark phone"],
)
def test_axe_finds_nothing(
    open_page: Callable[..., Page], ada: Account, target: Target, size: dict[str, Any], theme: str
) -> None:
    job = ada.add_job("Reports", f"{target.url}/ok", tags=["billing"])
    broken = ada.add_job("Broken", f"{target.url}/busy", retry={"max_retries": 0})
    for one in (job, broken):
        ada.http.post(f"/api/jobs/{one['id']}/run")
    ada.http.patch(f"/api/jobs/{job['id']}", json={"action": {"timeout_seconds": 60}})
    page = open_page(color_scheme=theme, **size)
    found: list[str] = []
    for path in ("/login", "/signup"):
        settled(page, path, "form")
        found += violations(page)
    signed_in(page, ada)
    for path, sign in pages(job["id"], broken["id"]):
        settled(page, path, sign)
        found += violations(page)
    settled(page, "/jobs/new", ".cx-fire")
    expect(page.locator(".cm-content[aria-label]")).to_be_attached()
    for kind in ("Interval", "Once"):
        page.get_by_role("button", name=kind, exact=True).click()
        found += violations(page)
    for open_it in (_open_palette, _open_shortcuts, _open_test_run):
        open_it(page, target)
        found += violations(page)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
    assert not found, "\n".join(found)


def _open_palette(page: Page, _target: Target) -> None:
    page.keyboard.press("Control+k")
    expect(page.get_by_role("option").first).to_be_visible()


def _open_shortcuts(page: Page, _target: Target) -> None:
    page.evaluate("document.activeElement.blur()")  # in a field, "?" is a letter
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()


def _open_test_run(page: Page, target: Target) -> None:
    page.get_by_label("URL", exact=True).fill(f"{target.url}/ok")
    page.get_by_role("button", name="Send test request").click()
    panel = page.get_by_role("dialog", name="Test run")
    expect(panel.get_by_text("Answered with status 200")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_pages_that_tell_of_nothing(
    open_page: Callable[..., Page],
    ada: Account,
    target: Target,
    complaints: list[str],
    mongodb: MongoClient[dict[str, Any]],
    program_database_name: str,
    theme: str,
) -> None:
    broken = ada.add_job("Broken", f"{target.url}/ok")
    jobs = mongodb[program_database_name].jobs
    page = signed_in(open_page(color_scheme=theme), ada)
    page.goto("about:blank")
    jobs.update_one({"_id": broken["id"]}, {"$unset": {"name": 1}})
    try:
        for path, code in (("/nowhere", "404"), (f"/jobs/{broken['id']}", "500")):
            page.goto(path)
            expect(page.locator(".cx-lost-code")).to_have_text(code)
            assert violations(page) == []
    finally:
        jobs.delete_one({"_id": broken["id"]})
    assert all("the server responded with a status of" in words for words in complaints)
    complaints.clear()


def pages(job_id: str, broken_id: str) -> list[tuple[str, str]]:
    """Every page of somebody signed in, and what is seen once it is there."""
    return [
        ("/", ".cx-tile"),
        ("/jobs", "tr[data-job]"),
        ("/jobs?q=nothing+like+it", ".cx-empty:visible"),
        (f"/jobs/{job_id}", ".cx-year"),
        (f"/jobs/{job_id}?status=MISSED", ".cx-empty:visible"),
        ("/activity", "tr[data-run]"),
        ("/timeline", ".cx-run-mark"),
        (f"/jobs/{job_id}/edit", ".cx-fire"),
        (f"/jobs/{job_id}/runs", ".cx-exchange"),
        (f"/jobs/{job_id}/versions", ".cx-version-field"),
        (f"/jobs/{broken_id}/runs", ".cx-exchange"),
        ("/workers", ".cx-page h1"),
        ("/settings", ".cx-section"),
    ]
