"""Who comes in, and how: tokens, cookies, other sites, limits."""

import re
from collections.abc import Awaitable, Callable

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from starlette.responses import PlainTextResponse

from cronpp_app.api.app import build_api
from cronpp_app.api.offered import ApiServices
from cronpp_app.services.web_sessions import COOKIE, SECURE_COOKIE, CsrfTokens, session_cookie
from tests.api.conftest import SECRET
from tests.factories import NOON, job_body

OpenClient = Callable[..., Awaitable[AsyncClient]]


def _token(client: AsyncClient) -> str:
    return client.headers["Authorization"].removeprefix("Bearer ")


@pytest.fixture
async def browser(ada: AsyncClient, open_client: OpenClient) -> AsyncClient:
    """Ada's browser: it has her cookie, and says where its requests come from."""
    return await open_client(
        cookies={COOKIE: _token(ada)}, headers={"Sec-Fetch-Site": "same-origin"}
    )


@pytest.fixture
async def csrf(ada: AsyncClient, offered: ApiServices) -> str:
    identity = await offered.accounts.identify(_token(ada))
    assert identity is not None
    return CsrfTokens(SECRET).issue(identity)


@pytest.mark.parametrize("path", ["/api/jobs", "/api/runs/x", "/api/stats", "/api/nothing"])
@pytest.mark.parametrize("header", [None, "Bearer nonsense", "Basic YWRhOng=", "Bearer "])
async def test_the_api_asks_strangers_to_sign_in(
    path: str, header: str | None, stranger: AsyncClient
) -> None:
    headers = {"Authorization": header} if header else {}
    answer = await stranger.get(path, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_a_wrong_token_is_not_made_good_by_a_cookie(browser: AsyncClient) -> None:
    headers = {"Authorization": "Bearer nonsense"}
    assert (await browser.get("/api/auth/me", headers=headers)).status_code == 401


@pytest.mark.parametrize("path", ["/healthz", "/api/openapi.json", "/api/docs"])
async def test_some_things_are_for_everybody(path: str, stranger: AsyncClient) -> None:
    assert (await stranger.get(path)).status_code == 200


async def test_the_browsers_cookie_reads_the_api(browser: AsyncClient) -> None:
    assert (await browser.get("/api/auth/me")).json()["email"] == "ada@example.org"


@pytest.mark.parametrize(
    ("scheme", "name", "status"),
    [("https", COOKIE, 401), ("https", SECURE_COOKIE, 200), ("http", COOKIE, 200)],
)
async def test_over_https_a_neighbour_in_our_domain_puts_nobody_into_a_session_of_theirs(
    scheme: str, name: str, status: int, ada: AsyncClient, stranger: AsyncClient
) -> None:
    """Neighbours can set any cookie for all of the domain, but none with the prefix __Host-."""
    headers = {"Cookie": f"{name}={_token(ada)}"}
    answer = await stranger.get(f"{scheme}://cronpp.test/api/auth/me", headers=headers)
    assert answer.status_code == status


async def test_by_cookie_a_change_needs_the_csrf_token(browser: AsyncClient, csrf: str) -> None:
    assert (await browser.post("/api/jobs", json=job_body())).status_code == 403
    # Not the last character: some of its bits are padding.
    wrong = {"X-CSRF-Token": ("A" if csrf[0] != "A" else "B") + csrf[1:]}
    assert (await browser.post("/api/jobs", json=job_body(), headers=wrong)).status_code == 403
    right = {"X-CSRF-Token": csrf}
    assert (await browser.post("/api/jobs", json=job_body(), headers=right)).status_code == 201


async def test_the_csrf_token_of_one_session_is_none_for_another(
    browser: AsyncClient, bob: AsyncClient, offered: ApiServices
) -> None:
    identity = await offered.accounts.identify(_token(bob))
    assert identity is not None
    headers = {"X-CSRF-Token": CsrfTokens(SECRET).issue(identity)}
    assert (await browser.post("/api/jobs", json=job_body(), headers=headers)).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
async def test_another_sites_page_changes_nothing_even_with_the_token(
    headers: dict[str, str], ada: AsyncClient, csrf: str, open_client: OpenClient
) -> None:
    browser = await open_client(cookies={COOKIE: _token(ada)})
    answer = await browser.post(
        "/api/jobs", json=job_body(), headers=headers | {"X-CSRF-Token": csrf}
    )
    assert answer.status_code == 403
    login = {"email": "ada@example.org", "password": "whatever it is"}
    assert (await browser.post("/api/auth/login", json=login, headers=headers)).status_code == 403


async def test_a_page_for_strangers_sends_them_to_sign_in_and_back(stranger: AsyncClient) -> None:
    answer = await stranger.get("/jobs/new?copy=1&tag=a")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/login?next=/jobs/new%3Fcopy%3D1%26tag%3Da"


@pytest.mark.parametrize("path", ["//evil.example/x", "/\\evil.example"])
async def test_the_way_back_never_leads_to_another_site(path: str, stranger: AsyncClient) -> None:
    answer = await stranger.get(f"http://cronpp.test{path}")
    assert answer.headers["Location"] == "/login?next=/"


async def test_pages_and_their_identity_pass_the_gate(
    app: FastAPI, browser: AsyncClient, stranger: AsyncClient
) -> None:
    async def page(scope, receive, send):  # type: ignore[no-untyped-def]
        identity = scope["state"]["identity"]
        await PlainTextResponse(identity.user.email if identity else "nobody")(scope, receive, send)

    app.mount("/", page)
    assert (await browser.get("/jobs")).text == "ada@example.org"
    assert (await stranger.get("/login")).text == "nobody"
    assert (await stranger.get("/static/app.css")).text == "nobody"
    assert (await stranger.post("/auth/login")).text == "nobody"


async def test_every_answer_carries_the_security_headers(
    ada: AsyncClient, stranger: AsyncClient
) -> None:
    for answer in [
        await stranger.get("/healthz"),
        await stranger.get("/jobs"),
        await stranger.get("/api/jobs"),
        await ada.get("/api/jobs"),
        await ada.get("/api/nothing"),
        await stranger.get("/api/docs"),
    ]:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert (await ada.get("/api/jobs")).headers["Cache-Control"] == "no-store"


async def test_in_a_page_only_the_scripts_of_this_answer_run(stranger: AsyncClient) -> None:
    policies, nonces = [], []
    for _ in range(2):
        answer = await stranger.get("/api/docs")
        policies.append(answer.headers["Content-Security-Policy"])
        nonces.append(set(re.findall(r'<script nonce="([^"]+)"', answer.text)))
        assert answer.text.count("<script") == answer.text.count("<script nonce=")
    assert nonces[0] != nonces[1]
    for policy, (nonce,) in zip(policies, nonces, strict=True):
        scripts = next(rule for rule in policy.split("; ") if rule.startswith("script-src"))
        assert scripts == f"script-src 'self' 'nonce-{nonce}' 'unsafe-eval'"


async def test_too_many_requests_are_told_when_to_come_back(
    offered: ApiServices, ada: AsyncClient, bob: AsyncClient, open_client: OpenClient
) -> None:
    limited = build_api(offered, secret_key=SECRET, rate_limit=3)
    client = await open_client(app=limited, headers=ada.headers)
    statuses = [(await client.get("/api/auth/me")).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    answer = await client.get("/api/auth/me")
    assert 1 <= int(answer.headers["Retry-After"]) <= 20
    other = await open_client(app=limited, headers=bob.headers)
    assert (await other.get("/api/auth/me")).status_code == 200
    assert (await client.get("/healthz")).status_code == 200


async def test_pages_of_listed_origins_may_call_the_api_and_others_may_not(
    offered: ApiServices, ada: AsyncClient, open_client: OpenClient
) -> None:
    app = build_api(offered, secret_key=SECRET, origins=["https://ops.example"])
    client = await open_client(app=app)
    asked = {"Access-Control-Request-Method": "POST"}
    ours = await client.options("/api/jobs", headers=asked | {"Origin": "https://ops.example"})
    assert ours.headers["Access-Control-Allow-Origin"] == "https://ops.example"
    assert "Access-Control-Allow-Credentials" not in ours.headers
    theirs = await client.options("/api/jobs", headers=asked | {"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in theirs.headers


async def test_an_unexpected_error_tells_nothing_of_its_insides(
    app: FastAPI, ada: AsyncClient, offered: ApiServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the password of the database is hunter2")

    monkeypatch.setattr(offered.jobs, "search", broken)
    answer = await ada.get("/api/jobs")
    assert answer.status_code == 500
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "hunter2" not in answer.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_over_https_the_cookie_is_locked_to_this_host() -> None:
    cookie = session_cookie("token", NOON, secure=True)
    assert cookie["key"] == SECURE_COOKIE
    assert cookie["secure"]
    assert cookie["httponly"]
    assert cookie["path"] == "/"
    assert session_cookie("token", NOON, secure=False)["key"] == COOKIE
