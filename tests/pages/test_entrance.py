"""Signing up, in and out with the forms of the pages."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from nicegui.testing.user import User as Browser

from cronpp_app.composition import Services
from tests.pages.conftest import PASSWORD, Person


def _typed(**changes: str) -> dict[str, str]:
    return {"email": "ada@example.org", "password": PASSWORD} | changes


async def test_a_stranger_is_asked_to_log_in_and_brought_back(stranger: Browser) -> None:
    answer = await stranger.http_client.get("/settings")
    assert answer.headers["Location"] == "/login?next=/settings"
    await stranger.open("/login?next=/settings")
    await stranger.should_see("Welcome back")
    await stranger.http_client.post("/auth/signup", data=_typed())
    answer = await stranger.http_client.post("/auth/login", data=_typed(next="/settings"))
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/settings"


async def test_signing_up_leads_to_the_jobs_in_the_zone_of_the_browser(ada: Person) -> None:
    await ada.browser.open("/")
    await ada.browser.should_see("Create your first job")
    assert ada.user.timezone == "Europe/Berlin"


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(stranger: Browser) -> None:
    answer = await stranger.http_client.post("/auth/signup", data=_typed())
    cookie = answer.headers["Set-Cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie.replace("httponly", "")


async def test_a_wrong_password_is_told_and_the_address_is_kept(
    ada: Person, stranger: Browser
) -> None:
    answer = await stranger.http_client.post("/auth/login", data=_typed(password="not the one"))
    assert answer.status_code == 401
    assert "The e-mail address or the password is wrong." in answer.text
    assert "ada@example.org" in answer.text
    assert "not the one" not in answer.text


async def test_an_unknown_address_is_told_in_the_same_words(stranger: Browser) -> None:
    answer = await stranger.http_client.post("/auth/login", data=_typed())
    assert answer.status_code == 401
    assert "The e-mail address or the password is wrong." in answer.text


async def test_who_guesses_too_often_is_told_to_wait(ada: Person, stranger: Browser) -> None:
    for _ in range(14):  # ten for the account, four for where it was made
        await stranger.http_client.post("/auth/login", data=_typed(password="not the one"))
    answer = await stranger.http_client.post("/auth/login", data=_typed())
    assert answer.status_code == 429
    wait = int(answer.headers["Retry-After"])
    assert f"Too many passwords were tried for this account. Try again in {wait}" in answer.text
    assert "ada@example.org" in answer.text


async def test_every_wrong_field_of_a_sign_up_is_told_at_once(stranger: Browser) -> None:
    form = _typed(email="no address", password="short")
    answer = await stranger.http_client.post("/auth/signup", data=form)
    assert answer.status_code == 422
    assert "Must be an e-mail address" in answer.text
    assert "Must be 8 to 256 characters long" in answer.text
    assert "no address" in answer.text


async def test_a_taken_address_is_told(ada: Person, stranger: Browser) -> None:
    answer = await stranger.http_client.post("/auth/signup", data=_typed())
    assert answer.status_code == 409
    assert "This e-mail address has an account" in answer.text


@pytest.mark.parametrize(
    "target",
    ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "/a\\b", ""],
)
async def test_the_way_back_never_leads_to_another_site(stranger: Browser, target: str) -> None:
    await stranger.http_client.post("/auth/signup", data=_typed())
    answer = await stranger.http_client.post("/auth/login", data=_typed(next=target))
    assert answer.headers["Location"] == "/"


async def test_markup_in_an_address_stays_text(stranger: Browser) -> None:
    markup = "<script>alert(1)</script>@example.org"
    answer = await stranger.http_client.post("/auth/login", data=_typed(email=markup))
    assert "<script>alert(1)" not in answer.text


FILE = b'--b\r\nContent-Disposition: form-data; name="email"; filename="f"\r\n\r\n'


@pytest.mark.parametrize(
    ("kind", "start"),
    [("application/x-www-form-urlencoded", b""), ("multipart/form-data; boundary=b", FILE)],
    ids=["fields", "a file"],
)
async def test_a_form_of_a_stranger_is_not_read_without_end(
    stranger: Browser, kind: str, start: bytes
) -> None:
    sent = 0

    async def flood() -> AsyncIterator[bytes]:
        nonlocal sent
        yield start
        while sent < 4_000_000:
            sent += 10_000
            yield b"a=" + b"x" * 9_997 + b"&"

    headers = {"Content-Type": kind}
    answer = await stranger.http_client.post("/auth/login", content=flood(), headers=headers)
    assert (answer.status_code, answer.json()["title"]) == (413, "Request too large")
    assert sent < 100_000


async def test_another_sites_form_signs_nobody_in(ada: Person, stranger: Browser) -> None:
    headers = {"Origin": "https://evil.example"}
    answer = await stranger.http_client.post("/auth/login", data=_typed(), headers=headers)
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


async def test_logging_out_ends_the_session_and_the_open_pages(
    ada: Person, bob: Person, services: Services
) -> None:
    token = ada.http.cookies["cronpp_session"]
    hers, his = await ada.browser.open("/"), await bob.browser.open("/")
    closed = asyncio.Event()
    hers.on_delete(closed.set)
    answer = await ada.http.post("/auth/logout")
    assert answer.headers["Location"] == "/login"
    assert "cronpp_session" not in ada.http.cookies
    assert await services.accounts.identify(token) is None
    await asyncio.wait_for(closed.wait(), timeout=10)
    assert not his.is_deleted


async def test_logging_in_anew_ends_the_session_before(ada: Person, services: Services) -> None:
    old = ada.http.cookies["cronpp_session"]
    await ada.http.post("/auth/login", data=_typed())
    assert await services.accounts.identify(old) is None
    assert await services.accounts.identify(ada.http.cookies["cronpp_session"]) is not None


async def test_somebody_signed_in_needs_no_login_page(ada: Person) -> None:
    answer = await ada.http.get("/login?next=/settings")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/settings"
