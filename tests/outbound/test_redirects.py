"""Redirects: off by default; where they are followed, every step is judged anew."""

from collections.abc import Awaitable, Callable

import httpx
import pytest
from targets import LOOPBACK, USER_AGENT, Target, answer, call, http, in_turn, say_nothing

from cronpp_app.domain.attempts import ErrorKind
from cronpp_app.domain.secrets import Confidential
from cronpp_app.outbound.caller import Caller

Serve = Callable[..., Awaitable[Target]]


def to(location: str, status: str = "302 Found") -> Callable[..., Awaitable[None]]:
    return answer(status, f"Location: {location}", body=b"")


async def test_a_redirect_is_not_followed_unasked(caller: Caller, serve: Serve) -> None:
    target = await serve(to("/elsewhere"))
    result = await call(caller, target.url)
    assert (result.error.kind, result.response.status) == (ErrorKind.STATUS, 302)
    assert "It points to /elsewhere; redirects are not followed." in result.error.message
    assert len(target.requests) == 1


async def test_a_redirect_is_followed_on_request(caller: Caller, serve: Serve) -> None:
    target = await serve(in_turn(to("/a?b=1"), answer(body=b"there")))
    result = await call(caller, target.url, follow_redirects=True)
    assert (result.ok, result.response.body) == (True, "there")
    assert target.requests[1].lines[0] == "GET /a?b=1 HTTP/1.1"


async def test_three_redirects_are_followed_and_no_more(caller: Caller, serve: Serve) -> None:
    three = await serve(in_turn(to("/1"), to("/2"), to("/3"), answer()))
    four = await serve(to("/again"))
    assert (await call(caller, three.url, follow_redirects=True)).ok
    result = await call(caller, four.url, follow_redirects=True)
    assert (result.error.kind, result.retryable) == (ErrorKind.PROTOCOL, False)
    assert "more than 3 times" in result.error.message
    assert len(four.requests) == 4


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        ("301 Moved", "POST", "GET"),
        ("302 Found", "POST", "GET"),
        ("303 See Other", "PUT", "GET"),
        ("303 See Other", "HEAD", "HEAD"),
        ("302 Found", "PUT", "PUT"),
        ("307 Temporary Redirect", "POST", "POST"),
        ("308 Permanent Redirect", "DELETE", "DELETE"),
    ],
)
async def test_the_method_goes_on_as_the_standard_says(
    caller: Caller, serve: Serve, status: str, method: str, then: str
) -> None:
    target = await serve(in_turn(to("/next", status), answer()))
    body = None if method == "HEAD" else "{}"
    await call(caller, target.url, method, follow_redirects=True, body=body)
    second = target.requests[1]
    assert second.lines[0] == f"{then} /next HTTP/1.1"
    kept = then == method and body is not None
    assert second.body == (b"{}" if kept else b"")
    assert second.values("content-type") == (["application/json"] if kept else [])


async def test_secrets_stay_with_the_site_they_are_for(caller: Caller, serve: Serve) -> None:
    secrets = {"Authorization": "a", "cookie": "b", "X-Api-Key": "c", "X-Plain": "d"}
    other = await serve(answer())
    target = await serve(in_turn(to("/same"), to(other.url)))
    assert (await call(caller, target.url, headers=secrets, follow_redirects=True)).ok
    arrived = [[request.values(name) for name in secrets] for request in target.requests]
    assert arrived == [[["a"], ["b"], ["c"], ["d"]]] * 2
    assert [other.requests[0].values(name) for name in secrets] == [[], [], [], ["d"]]


@pytest.mark.parametrize(
    "location",
    [
        "http://10.0.0.1/",
        "//169.254.169.254/",
        "http://localhost/",
        "file:///etc/passwd",
        "http://[",
    ],
)
async def test_a_redirect_to_where_calls_are_blocked_is_refused(
    caller: Caller, serve: Serve, location: str
) -> None:
    target = await serve(to(location))
    result = await call(caller, target.url, follow_redirects=True)
    assert (result.error.kind, result.retryable) == (ErrorKind.BLOCKED, False)
    assert result.response.status == 302


async def test_https_never_goes_on_as_http() -> None:
    seen: list[str] = []

    def redirect(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        return httpx.Response(307, headers={"Location": "http://good.example/"})

    caller = Caller(rules=LOOPBACK, user_agent=USER_AGENT, transport=httpx.MockTransport(redirect))
    result = await call(caller, "https://good.example/", follow_redirects=True)
    assert "leaves https for http" in result.error.message
    assert seen == ["https://good.example/"]


async def test_the_deadline_covers_all_steps(caller: Caller, serve: Serve) -> None:
    target = await serve(in_turn(to("/1"), say_nothing))
    result = await call(caller, target.url, follow_redirects=True, seconds=0.3)
    assert (result.error.kind, result.maybe_sent) == (ErrorKind.TIMEOUT, True)


async def test_marked_headers_and_the_signature_stay_with_their_site(
    caller: Caller, serve: Serve
) -> None:
    other = await serve(answer())
    target = await serve(in_turn(to("/same", "307 Stay"), to(other.url, "307 Stay")))
    action = http(target.url, "POST", headers={"X-Token": "a"}, body="{}", follow_redirects=True)
    signed = {"webhook-id": "1", "webhook-timestamp": "2", "webhook-signature": "3"}
    confidential = Confidential(headers=frozenset({"x-token"}))
    result = await caller.call(action, extra_headers=signed, confidential=confidential)
    assert result.ok
    arrived = [len(r.values("x-token") + r.values("webhook-signature")) for r in target.requests]
    assert arrived == [2, 2]
    (elsewhere,) = other.requests
    assert [elsewhere.values(name) for name in ("x-token", *signed)] == [[]] * 4


async def test_a_signature_does_not_outlive_the_body_it_is_of(caller: Caller, serve: Serve) -> None:
    target = await serve(in_turn(to("/next", "303 See Other"), answer()))
    action = http(target.url, "POST", body="{}", follow_redirects=True)
    await caller.call(action, extra_headers={"webhook-signature": "3"})
    assert [r.values("webhook-signature") for r in target.requests] == [["3"], []]


async def test_a_body_with_a_secret_is_not_sent_on_to_another_site(
    caller: Caller, serve: Serve
) -> None:
    other = await serve(answer())
    target = await serve(in_turn(to(other.url, "307 Stay")))
    action = http(target.url, "POST", body="the secret", follow_redirects=True)
    result = await caller.call(action, extra_headers={}, confidential=Confidential(in_body=True))
    assert (result.error.kind, result.retryable) == (ErrorKind.PROTOCOL, False)
    assert "would carry a secret in the body to another site" in result.error.message
    assert other.requests == []
