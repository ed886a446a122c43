"""The program as a newcomer starts it, a target it may call, and a real browser."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from pymongo import MongoClient

from cronpp_app.services.web_sessions import COOKIE
from cronpp_app.store.embedded_server import free_port as any_free_port
from tests.browser.find_browser import browser_launch_options
from tests.cluster.program import PASSWORD, Program

# Everything happens within seconds; two busy cores are given more.
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)


class Target:
    """What jobs call: /ok answers 200, /busy 503, /markup a page full of markup."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        statuses = {"/busy": 503, "/markup": 500}
        body = b'{"status": "ok", "items": [1, 2]}'
        if self.path == "/markup":
            body = b"<script>window.hacked = true</script><img src=x onerror='hacked = true'>"
        self.send_response(statuses.get(self.path, 200))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        pass


class Account:
    """Somebody with an account, and the REST API for whatever a test is not about."""

    def __init__(self, url: str, email: str) -> None:
        self.email = email
        self.http = httpx.Client(base_url=url, timeout=30)
        body = {"email": email, "password": PASSWORD}
        self.token = str(self.http.post("/api/auth/signup", json=body).json()["token"])
        self.http.headers["Authorization"] = f"Bearer {self.token}"

    def add_job(self, name: str, url: str, **changes: Any) -> dict[str, Any]:
        body = {
            "name": name,
            "schedule": {"kind": "cron", "cron": "0 9 * * 1-5", "timezone": "Europe/Berlin"},
            "action": {"kind": "http", "method": "GET", "url": url},
        }
        answer = self.http.post("/api/jobs", json=body | changes)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())


@pytest.fixture(scope="session")
def program_database_name(mongodb: MongoClient[dict[str, Any]]) -> Iterator[str]:
    """The database of the program: other tests empty theirs and count what is in it."""
    name = f"test_{uuid4().hex}"
    yield name
    mongodb.drop_database(name)


@pytest.fixture(scope="session")
def administrator(
    tmp_path_factory: pytest.TempPathFactory, mongodb_uri: str, program_database_name: str
) -> Iterator[Account]:
    """The first to sign up at one program for all tests of pages."""
    folder: Path = tmp_path_factory.mktemp("program") / "data"
    folder.mkdir()
    where = {"CRONPP_MONGODB_URI": mongodb_uri, "CRONPP_DATABASE": program_database_name}
    program = Program(folder, port=any_free_port(), **where).start()
    yield Account(program.url, "administrator@example.org")
    program.stop()


@pytest.fixture(scope="session")
def server(administrator: Account) -> str:
    """The address of that program; each test makes accounts of its own."""
    return str(administrator.http.base_url).rstrip("/")


@pytest.fixture(scope="session")
def target() -> Iterator[Target]:
    target = Target()
    yield target
    target.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**browser_launch_options())  # type: ignore[arg-type]
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> list[str]:
    """What pages complained of in their consoles; the test fails if any is left in it."""
    return []


@pytest.fixture
def open_page(
    chromium: Browser, server: str, complaints: list[str]
) -> Iterator[Callable[..., Page]]:
    """Open pages, each in a browser of its own; fails if one complains or leaves the house."""
    # The browser itself notes every refused form.
    expected = "the server responded with a status of 401"

    def watch(page: Page) -> None:
        page.on("pageerror", lambda error: complaints.append(f"script: {error}"))
        page.on("console", lambda message: complaints.append(f"console: {message.text}"))
        page.on("request", lambda request: _check_inside(request.url))

    def _check_inside(url: str) -> None:
        if not url.startswith((server, "data:", "blob:")):
            complaints.append(f"request to {url}")

    contexts = []

    def make(**options: Any) -> Page:
        chosen = {"viewport": {"width": 1440, "height": 900}, "locale": "en-GB"} | options
        context = chromium.new_context(base_url=server, timezone_id="Europe/Berlin", **chosen)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        watch(page)
        return page

    yield make
    for context in contexts:
        context.close()
    assert [words for words in complaints if expected not in words] == []


@pytest.fixture
def ada(server: str, request: pytest.FixtureRequest) -> Account:
    """Somebody new for each test."""
    return Account(server, f"{abs(hash(request.node.nodeid))}@example.org")


@pytest.fixture
def page(open_page: Callable[..., Page], ada: Account) -> Page:
    """Ada's browser, signed in."""
    return signed_in(open_page(), ada)


def signed_in(page: Page, account: Account) -> Page:
    """Give somebody's browser their session, without the form, and go to their jobs."""
    url = str(account.http.base_url)
    page.context.add_cookies([{"name": COOKIE, "value": account.token, "url": url}])
    page.goto("/jobs")
    expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
    return page


def sign_in(page: Page, account: Account) -> Page:
    """Sign somebody in by the form, as they would: a session of this browser's own."""
    page.goto("/login")
    page.get_by_label("Email").fill(account.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Dashboard", exact=True)).to_be_visible()
    return page
