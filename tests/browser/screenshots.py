"""Take the pictures of the documentation: python -m tests.browser.screenshots [NAME …]

Starts the program with example data and no worker, and overwrites docs/screenshots; with names
(dashboard, job, …) only those pictures.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from cronpp_app.store.embedded import start_embedded
from cronpp_app.store.embedded_server import free_port
from tests.browser import example_data
from tests.browser.find_browser import browser_launch_options
from tests.cluster.program import PASSWORD, Program

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
EMAIL = "ada@acme.example"
DESKTOP = {"viewport": {"width": 1440, "height": 900}}
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
SETTLE_MS = 2_500
_PAGES = {
    "dashboard": "/",
    "jobs": "/jobs",
    "job": "/jobs/{job}",
    "log": "/jobs/{job}/runs",
    "versions": "/jobs/{job}/versions",
    "activity": "/activity",
    "timeline": "/timeline",
    "workers": "/workers",
    "editor": "/jobs/{job}/edit",
    "settings": "/settings",
    "admin": "/admin",
}
_WHOLE = frozenset({"editor", "job", "settings", "admin"})


def main() -> int:
    """Take all pictures; return the exit status."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="cronpp-shots-") as folder:
        mongodb = start_embedded(Path(folder) / "db", cache_gb=0.25)
        uri, database = mongodb.uri, "pictures"
        program = Program(
            Path(folder) / "data",
            port=free_port(),
            CRONPP_MONGODB_URI=uri,
            CRONPP_DATABASE=database,
            CRONPP_WORKERS="0",
        ).start()
        try:
            with httpx.Client(base_url=program.url, timeout=30) as owner, sync_playwright() as made:
                user_id = _sign_up(owner)
                browser = made.chromium.launch(**browser_launch_options())  # type: ignore[arg-type]

                def fill() -> str:
                    return _edited(owner, example_data.fill(uri, database, user_id))

                _take_all(browser, program.url, fill)
                browser.close()
        finally:
            program.stop()
            mongodb.stop()
    return 0


def _sign_up(owner: httpx.Client) -> str:
    body = {"email": EMAIL, "password": PASSWORD}
    answer = owner.post("/api/auth/signup", json=body).json()
    owner.headers["Authorization"] = f"Bearer {answer['token']}"
    return str(answer["user"]["id"])


def _edited(owner: httpx.Client, job_id: str) -> str:
    """Return the id of the job, which has versions to show now."""
    for changes in example_data.EDITS:
        owner.patch(f"/api/jobs/{job_id}", json=changes).raise_for_status()
    return job_id


def _take_all(browser: Browser, url: str, fill: Callable[[], str]) -> None:
    for size, options in (("desktop", DESKTOP), ("phone", PHONE)):
        for theme in ("light", "dark"):
            context = browser.new_context(
                base_url=url, color_scheme=theme, timezone_id="Europe/Berlin", **options
            )
            page = context.new_page()
            # Before the first look: what the program counts, it remembers for a while.
            shown = fill()
            page.goto("/login")
            _picture(page, f"login_{size}_{theme}")
            _log_in(page)
            for name, path in _PAGES.items():
                if sys.argv[1:] and name not in sys.argv[1:]:
                    continue
                whole = size == "desktop" and name in _WHOLE
                _take(page, path.format(job=shown), f"{name}_{size}_{theme}", whole=whole)
            context.close()


def _log_in(page: Page) -> None:
    page.get_by_label("Email").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_selector(".cx-page")


def _take(page: Page, path: str, name: str, *, whole: bool = False) -> None:
    page.goto(path)
    _picture(page, name, whole=whole)


def _picture(page: Page, name: str, *, whole: bool = False) -> None:
    if sys.argv[1:] and name.partition("_")[0] not in sys.argv[1:]:
        return
    page.wait_for_selector("#app[data-v-app]")
    page.wait_for_timeout(SETTLE_MS)
    size = page.viewport_size
    if whole and size is not None:  # what was never in sight has not measured itself
        height = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": size["width"], "height": height})
        page.wait_for_timeout(500)
    page.screenshot(path=FOLDER / f"{name}.png")
    if size is not None:
        page.set_viewport_size(size)
    print(name)


if __name__ == "__main__":
    sys.exit(main())
