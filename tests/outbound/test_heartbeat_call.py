"""The operator's heartbeat URL may be private; its failures are told, never raised."""

import httpx
import pytest

from cronpp_app.outbound.heartbeat import HeartbeatCall


class Answering(httpx.AsyncBaseTransport):
    """Stands for the network: answers as told, notes what it was asked."""

    def __init__(self, answer: httpx.Response | Exception) -> None:
        self.answer = answer
        self.asked: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def called(url: str, answer: httpx.Response | Exception) -> tuple[str | None, Answering]:
    network = Answering(answer)
    call = HeartbeatCall(url, user_agent="Cron++/test", transport=network)
    failure = await call()
    await call.aclose()
    return failure, network


@pytest.mark.parametrize(
    "url",
    [
        "https://hc.example/ping/3f2a",
        "http://127.0.0.1:9200/ping",
        "http://[::1]/ping",
        "http://kuma.lan:3001/api/push/x?status=up",
    ],
)
async def test_public_and_private_urls_are_called(url: str) -> None:
    failure, network = await called(url, httpx.Response(200, content=b"OK"))
    assert failure is None
    assert [str(request.url) for request in network.asked] == [url]
    assert network.asked[0].headers["User-Agent"] == "Cron++/test"


async def test_metadata_services_of_clouds_stay_shut() -> None:
    failure, network = await called("http://169.254.169.254/", httpx.Response(200))
    assert failure is not None
    assert network.asked == []


@pytest.mark.parametrize(
    "answer", [httpx.Response(500, content=b""), httpx.Response(302, content=b"")]
)
async def test_an_answer_that_is_no_success_is_told(answer: httpx.Response) -> None:
    failure, _ = await called("https://hc.example/ping", answer)
    assert failure is not None
    assert str(answer.status_code) in failure


async def test_a_network_that_fails_is_told() -> None:
    failure, _ = await called("https://hc.example/ping", httpx.ConnectError("refused"))
    assert failure
