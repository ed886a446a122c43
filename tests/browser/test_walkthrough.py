"""The README's walk, done for real: from one command to history that survives a restart."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from cronpp_app.store.embedded_server import free_port
from tests.browser.find_browser import browser_launch_options
from tests.cluster.program import PASSWORD, Program

# Everything happens within seconds; two busy cores are given more.
PATIENCE_MS = 30_000


class Mood:
    """What the target answers from now on."""

    def __init__(self, file: Path, port: int) -> None:
        self._file = file
        self.url = f"http://127.0.0.1:{port}/hook"
        self.set(200)

    def set(self, status: int) -> None:
        self._file.write_text(str(status))


@pytest.fixture
def mood(tmp_path: Path) -> Iterator[Mood]:
    port = free_port()
    mood = Mood(tmp_path / "mood", port)
    script = Path(__file__).with_name("moody_target.py")
    target = subprocess.Popen([sys.executable, str(script), str(port), tmp_path / "mood"])
    yield mood
    target.terminate()
    target.wait()


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    program = Program(tmp_path / "data", port=free_port()).start()
    yield program
    if program.process.poll() is None:
        program.stop()


@pytest.fixture
def browser_page() -> Iterator[Page]:
    """A page that fails the test if a script fails or the console complains."""
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**browser_launch_options())
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda message: complaints.append(message.text) if message.type == "error" else None,
        )
        yield page
        browser.close()
    # The connection is refused while the program restarts, as it must be.
    assert [words for words in complaints if "ERR_CONNECTION_REFUSED" not in words] == []


def test_the_walk_through(program: Program, mood: Mood, browser_page: Page) -> None:
    page = browser_page
    expect.set_options(timeout=PATIENCE_MS)
    _sign_up(page, program.url)
    _make_a_job(page, mood.url)

    _fires_live(page)
    _fails_and_tells_why(page, mood)
    _recovers(page, mood)

    page.get_by_role("button", name="Pause Heartbeat").click()
    expect(page.locator(".cx-badge-PAUSED")).to_be_visible()
    program.stop()
    program.start()
    page.goto(f"{program.url}/jobs")
    expect(page.get_by_role("link", name="Heartbeat", exact=True)).to_be_visible()
    expect(page.locator(".cx-badge-PAUSED")).to_be_visible()
    page.get_by_role("button", name="Logs of Heartbeat").click()
    expect(_entries(page).first).to_be_visible()
    expect(_entries(page).filter(has_text="failed").first).to_be_visible()


def _sign_up(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_role("link", name="Create an account").or_(
        page.get_by_role("link", name="Sign up")
    ).first.click()
    page.locator("input[name=email]").fill("grace@example.org")
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("heading", name="Dashboard", exact=True)).to_be_visible()


def _make_a_job(page: Page, url: str) -> None:
    page.get_by_role("link", name="New job").first.click()
    page.get_by_label("Name", exact=True).fill("Heartbeat")
    page.get_by_role("button", name="Interval", exact=True).click()
    page.get_by_label("Every", exact=True).fill("2")
    _choose(page, "Unit", "seconds")
    expect(page.locator(".cx-editor-side").get_by_text("Every 2 seconds")).to_be_visible()
    page.get_by_label("URL", exact=True).fill(url)
    _choose(page, "Method", "GET")
    page.get_by_label("Retries", exact=True).fill("2")
    page.get_by_label("First wait", exact=True).fill("1")
    page.get_by_role("button", name="Create job").or_(
        page.get_by_role("button", name="Save job")
    ).first.click()
    expect(page.get_by_role("link", name="Heartbeat", exact=True)).to_be_visible()


def _fires_live(page: Page) -> None:
    """Its runs appear without a reload: the sparkline grows bar by bar."""
    page.evaluate("window.never_reloaded = true")
    expect(page.locator(".cx-spark-SUCCESS").nth(1)).to_be_visible()
    assert page.evaluate("window.never_reloaded")


def _fails_and_tells_why(page: Page, mood: Mood) -> None:
    page.get_by_role("button", name="Logs of Heartbeat").click()
    expect(_entries(page).first).to_be_visible()
    mood.set(503)
    failed = _entries(page).filter(has_text="failed").first
    expect(failed).to_be_visible()
    failed.press("Enter")  # the list moves: a click might meet the entry above
    expect(page.locator(".cx-attempt-button", has_text="Attempt 3")).to_be_visible()
    page.get_by_role("tab", name="Error").click()
    expect(page.get_by_text("The target answered 503 Service Unavailable").last).to_be_visible()
    expect(page.get_by_role("heading", name="Stack trace")).to_be_visible()
    expect(page.locator("pre", has_text="UnexpectedStatus")).to_be_visible()


def _recovers(page: Page, mood: Mood) -> None:
    mood.set(200)
    recovered = _entries(page).filter(has_text="success").first
    expect(_entries(page).first).to_contain_text("success")
    recovered.press("Enter")
    expect(page.locator(".cx-run-detail .cx-badge-SUCCESS")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".cx-log")).to_have_count(0)


def _entries(page: Page):
    return page.locator(".cx-run")


def _choose(page: Page, label: str, option: str) -> None:
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=option, exact=True).click()
