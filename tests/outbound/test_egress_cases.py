"""The collected targets: which must be refused, which must be dialled, and where.

The cases were collected for this project from the tests of SSRF filters and the behaviour of
URL parsers. No test opens a socket outside loopback: look-ups are answered from the case,
and connections end where their address is noted.
"""

import json
import socket
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx
import pytest
from targets import USER_AGENT, Dialled, FakeResolver, answer, call

from cronpp_app.domain.attempts import ErrorKind
from cronpp_app.outbound.caller import Caller
from cronpp_app.outbound.guard import Blocked, EgressRules
from cronpp_app.outbound.transport import GuardedTransport, Passage

CASES = json.loads((Path(__file__).parents[1] / "data" / "ssrf_cases.json").read_text())
MORE = json.loads((Path(__file__).parents[1] / "data" / "ssrf_more_cases.json").read_text())
REDIRECTS = [case for case in CASES if case.get("stage") == "redirect"]
DIRECT = [case for case in CASES if case.get("stage") != "redirect"]
PUBLIC = "93.184.216.34"


def rules_of(case: dict[str, Any]) -> EgressRules:
    policy = case.get("policy", {})
    return EgressRules(
        networks=tuple(map(ip_network, policy.get("allow_nets", ()))),
        hosts=frozenset(policy.get("allow_hosts", ())),
        ports=frozenset(policy.get("allow_ports", ())),
        denied=tuple(map(ip_network, policy.get("deny_nets", ()))),
    )


class RedirectsFirst(httpx.AsyncBaseTransport):
    """Answers the first request with a redirect; the others go where they would go."""

    def __init__(self, location: str, behind: GuardedTransport) -> None:
        self._location: str | None = location
        self._behind = behind

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._location is None:
            return await self._behind.handle_async_request(request)
        location, self._location = self._location, None
        return httpx.Response(302, headers={"Location": location})

    async def aclose(self) -> None:
        await self._behind.aclose()


@pytest.mark.parametrize(
    "case", DIRECT + MORE, ids=lambda case: case.get("id") or repr(case.get("dns", case["url"]))
)
async def test_a_target_is_dialled_only_if_it_may_be(case: dict[str, Any]) -> None:
    dialled, rules = Dialled(), rules_of(case)
    resolver = FakeResolver(*case.get("dns", [[PUBLIC]]))
    transport = GuardedTransport(rules, resolver=resolver, open_socket=dialled)
    caller = Caller(rules=rules, user_agent=USER_AGENT, transport=transport)
    result = await call(caller, case["url"])
    await caller.aclose()
    if case["expect"] == "block":
        assert (result.error.kind, dialled.addresses) == (ErrorKind.BLOCKED, [])
        assert not result.retryable
        return
    assert result.error.kind is ErrorKind.CONNECT
    assert len(dialled.addresses) == 1
    assert len(resolver.asked) <= case.get("expect_lookups", 1)
    assert dialled.addresses[0] == case.get("expect_dial", dialled.addresses[0])


@pytest.mark.parametrize("case", REDIRECTS, ids=lambda case: case["id"])
async def test_a_redirect_is_judged_like_a_first_target(case: dict[str, Any]) -> None:
    dialled, rules = Dialled(), rules_of(case)
    behind = GuardedTransport(rules, resolver=FakeResolver(*case["dns"]), open_socket=dialled)
    caller = Caller(
        rules=rules, user_agent=USER_AGENT, transport=RedirectsFirst(case["redirect_to"], behind)
    )
    result = await call(caller, case["url"], follow_redirects=True)
    await caller.aclose()
    assert (result.error.kind, dialled.addresses) == (ErrorKind.BLOCKED, [])


async def test_a_name_that_moves_to_a_private_address_is_refused_at_the_next_connection() -> None:
    dialled, rules = Dialled(), EgressRules()
    resolver = FakeResolver([PUBLIC], ["127.0.0.1"])
    transport = GuardedTransport(rules, resolver=resolver, open_socket=dialled)
    caller = Caller(rules=rules, user_agent=USER_AGENT, transport=transport)
    first = await call(caller, "http://rebound.example/", "POST")
    second = await call(caller, "http://rebound.example/", "POST")
    await caller.aclose()
    assert first.error.kind is ErrorKind.CONNECT
    assert second.error.kind is ErrorKind.BLOCKED
    assert dialled.addresses == [PUBLIC]


async def test_an_address_that_nobody_judged_before_is_refused_at_the_socket() -> None:
    """The last gate: it stands where the very address is known that is about to be dialled."""
    dialled = Dialled()
    transport = GuardedTransport(EgressRules(), open_socket=dialled)
    request = httpx.Request(
        "GET", "http://10.0.0.1/", extensions={"passage": Passage(host="10.0.0.1")}
    )
    with pytest.raises(Blocked):
        await transport.handle_async_request(request)
    await transport.aclose()
    assert dialled.addresses == []


async def test_a_blocked_name_tells_nothing_of_what_it_leads_to() -> None:
    """Whether a port inside is open, shut or silent: a prober learns one word, `blocked`."""
    results = []
    for inside in ("10.0.0.1", "127.0.0.1", "169.254.169.254"):
        transport = GuardedTransport(
            EgressRules(), resolver=FakeResolver([inside]), open_socket=Dialled()
        )
        caller = Caller(rules=EgressRules(), user_agent=USER_AGENT, transport=transport)
        result = await call(caller, "http://inside.example:8080/", "POST")
        await caller.aclose()
        assert inside not in str(result)
        results.append((result.error.kind, result.error.message, result.response))
    assert len(set(results)) == 1


async def test_a_connection_that_ends_elsewhere_than_judged_is_not_used(serve: Any) -> None:
    """A socket that reaches loopback although a public address was dialled, as by a NAT rule."""
    target = await serve(answer())

    class Detoured(socket.socket):
        def connect(self, address: Any) -> None:
            super().connect(("127.0.0.1", target.port))

    class DetouredLoop:
        def __call__(self, info: tuple[Any, ...]) -> socket.socket:
            return Detoured(info[0], info[1], info[2])

    transport = GuardedTransport(
        EgressRules(), resolver=FakeResolver([PUBLIC]), open_socket=DetouredLoop()
    )
    caller = Caller(rules=EgressRules(), user_agent=USER_AGENT, transport=transport)
    result = await call(caller, "http://detoured.example/", "POST")
    await caller.aclose()
    assert result.error.kind is ErrorKind.BLOCKED
    assert target.requests == []
