"""Behind a reverse proxy: what it says of a client counts, what anybody else claims does not."""

from collections.abc import Awaitable, Callable

import pytest
from fastapi import FastAPI, WebSocket
from httpx import ASGITransport, AsyncClient
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from cronpp_app.api.app import build_api
from cronpp_app.api.offered import ApiServices
from tests.api.conftest import SECRET

PROXY, NEIGHBOUR, STRANGER = "10.2.0.7", "10.2.0.8", "203.0.113.9"


@pytest.fixture
def app(offered: ApiServices) -> FastAPI:
    """One request a minute per address, and proxies in 10.2.0.0/16 that are trusted."""
    return build_api(offered, secret_key=SECRET, rate_limit=1, proxies=("10.2.0.0/16", "::1"))


@pytest.fixture
def asks_from(app: FastAPI) -> Callable[..., Awaitable[int]]:
    """Ask for something that everybody may have, from an address; gives the status."""

    async def ask(peer: str, **headers: str) -> int:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        transport = ASGITransport(app, client=(peer, 50_000))
        async with AsyncClient(transport=transport, base_url="http://cronpp.test") as client:
            return (await client.get("/api/openapi.json", headers=named)).status_code

    return ask


async def test_clients_of_a_trusted_proxy_are_told_apart(asks_from) -> None:
    assert await asks_from(PROXY, X_Forwarded_For="198.51.100.1") == 200
    assert await asks_from(PROXY, X_Forwarded_For="198.51.100.2") == 200
    assert await asks_from(NEIGHBOUR, X_Forwarded_For="198.51.100.1") == 429


async def test_nobody_else_chooses_the_address_they_are_counted_under(asks_from) -> None:
    assert await asks_from(STRANGER, X_Forwarded_For="198.51.100.1") == 200
    assert await asks_from(STRANGER, X_Forwarded_For="198.51.100.2") == 429


async def test_a_household_counts_as_one_however_many_addresses_it_has(asks_from) -> None:
    assert await asks_from("2a01:4f8:0:1::1") == 200
    assert await asks_from("2a01:4f8:0:1:ffff::2") == 429
    assert await asks_from("2a01:4f8:0:2::1") == 200


async def test_what_a_client_wrote_before_the_proxy_did_is_not_believed(asks_from) -> None:
    assert await asks_from(PROXY, X_Forwarded_For=f"192.0.2.1, {STRANGER}") == 200
    assert await asks_from(PROXY, X_Forwarded_For=f"192.0.2.2, {STRANGER}") == 429


async def test_a_chain_of_trusted_proxies_is_followed_to_its_client(asks_from) -> None:
    assert await asks_from(PROXY, X_Forwarded_For=f"{STRANGER}, {NEIGHBOUR}") == 200
    assert await asks_from(STRANGER) == 429


@pytest.mark.parametrize(("peer", "is_https"), [(PROXY, True), (STRANGER, False)])
async def test_only_a_trusted_proxy_says_that_a_request_came_by_https(
    app: FastAPI, peer: str, is_https: bool
) -> None:
    async with AsyncClient(
        transport=ASGITransport(app, client=(peer, 50_000)), base_url="http://cronpp.test"
    ) as client:
        answer = await client.get("/healthz", headers={"X-Forwarded-Proto": "https"})
    assert ("Strict-Transport-Security" in answer.headers) is is_https


async def test_without_trusted_proxies_no_header_counts(offered: ApiServices) -> None:
    alone = build_api(offered, secret_key=SECRET)
    async with AsyncClient(
        transport=ASGITransport(alone, client=("127.0.0.1", 50_000)), base_url="http://cronpp.test"
    ) as client:
        answer = await client.get("/healthz", headers={"X-Forwarded-Proto": "https"})
    assert "Strict-Transport-Security" not in answer.headers


@pytest.fixture
def browser(app: FastAPI) -> TestClient:
    """A browser whose sockets come through the proxy; the other end tells what it saw."""

    @app.websocket("/probe")
    async def probe(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_json([socket.url.scheme, socket.client and socket.client.host])
        await socket.close()

    return TestClient(app, base_url="http://cron.example", client=(PROXY, 50_000))


def test_a_socket_behind_the_proxy_is_known_to_come_from_our_own_page(browser: TestClient) -> None:
    headers = {
        "Origin": "https://cron.example",
        "X-Forwarded-For": STRANGER,
        "X-Forwarded-Proto": "https",
    }
    with browser.websocket_connect("ws://cron.example/probe", headers=headers) as socket:
        assert socket.receive_json() == ["wss", STRANGER]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "https://cron.example:8443"},
        {"Origin": "null"},
        {"Origin": "https://cron.example", "Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_socket_of_another_sites_page_is_refused(
    browser: TestClient, headers: dict[str, str]
) -> None:
    with (
        pytest.raises((WebSocketDisconnect, WebSocketDenialResponse)),
        browser.websocket_connect("ws://cron.example/probe", headers=headers),
    ):
        pass
