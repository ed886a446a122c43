"""One performance of an action: request, redirects, answer, and how far it has come."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urljoin

import httpx

from cronpp_app.domain.attempts import ReceivedResponse, SentRequest
from cronpp_app.domain.jobs import HttpAction
from cronpp_app.domain.secrets import Confidential
from cronpp_app.outbound.bodies import Reading
from cronpp_app.outbound.failures import RedirectRefused
from cronpp_app.outbound.guard import EgressRules, InvalidUrl, Target, check_url
from cronpp_app.outbound.requests import Headers, Outgoing, compose_headers, shown_request
from cronpp_app.outbound.transport import Passage

_MOST_REDIRECTS: Final = 3
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


class Exchange:
    """Performs an action once; what is known of it can be asked whenever it ends."""

    def __init__(
        self,
        action: HttpAction,
        extra_headers: Mapping[str, str],
        *,
        confidential: Confidential,
        user_agent: str,
    ) -> None:
        self._action = action
        self._confidential = confidential
        self._headers: Headers = compose_headers(action, extra_headers, user_agent=user_agent)
        self._first: Outgoing | None = None
        self._target: Target | None = None
        self._passage: Passage | None = None
        self._reading: Reading | None = None
        self._had_answer = False

    async def perform(self, transport: httpx.AsyncBaseTransport, rules: EgressRules) -> None:
        """Send the request, follow redirects if the action says so, and read the answer."""
        body = self._action.body
        outgoing = Outgoing(
            method=self._action.method,
            target=check_url(self._action.url, rules),
            headers=self._headers,
            body=None if body is None else body.encode(),
            confidential=self._confidential,
        )
        self._first = outgoing
        redirects = 0
        while redirect := await self._send(outgoing, transport):
            redirects += 1
            if redirects > _MOST_REDIRECTS:
                raise RedirectRefused(f"The target redirected more than {_MOST_REDIRECTS} times.")
            outgoing = _follow(outgoing, redirect, rules)

    async def _send(
        self, outgoing: Outgoing, transport: httpx.AsyncBaseTransport
    ) -> tuple[int, str] | None:
        """Send one request and read its answer; return status and address of a redirect."""
        self._had_answer = self._had_answer or self._reading is not None
        self._target, self._reading = outgoing.target, None
        self._passage = Passage(host=outgoing.target.host)
        response = await transport.handle_async_request(outgoing.to_httpx(self._passage))
        self._reading = Reading(response)
        try:
            await self._reading.read()
        finally:
            await response.aclose()
        location = response.headers.get("location")
        if self._action.follow_redirects and response.status_code in _REDIRECTS and location:
            return response.status_code, location
        return None

    @property
    def where(self) -> str:
        """Return host and port that are called now, for messages."""
        return self._target.authority if self._target else self._action.url

    @property
    def maybe_sent(self) -> bool:
        """Return whether a request may have left."""
        connected = self._passage is not None and self._passage.connected
        return connected or self._had_answer or self._reading is not None

    @property
    def stage(self) -> str:
        """Return what was going on when the exchange ended, for messages."""
        if self._passage is None or not self._passage.connected:
            return "no connection was made"
        return "no answer came" if self._reading is None else "the answer was not complete"

    @property
    def request(self) -> SentRequest:
        """Return the action's own request as the execution log keeps it."""
        headers = self._first.all_headers() if self._first else self._headers
        return shown_request(self._action, headers)

    @property
    def headers(self) -> Headers:
        """Return the headers given to the request, secrets and all."""
        return self._headers

    def received(self) -> ReceivedResponse | None:
        """Return the last answer as far as it was read, or None before one began."""
        return self._reading.received() if self._reading else None


def _follow(outgoing: Outgoing, redirect: tuple[int, str], rules: EgressRules) -> Outgoing:
    """Return the request after `redirect`, judged anew; raise what keeps it from being sent."""
    status, location = redirect
    try:
        absolute = urljoin(outgoing.target.url, location)
    except ValueError as error:
        raise InvalidUrl(f"The redirect to {location} cannot be read.") from error
    target = check_url(absolute, rules)
    if outgoing.target.scheme == "https" and target.scheme != "https":
        raise RedirectRefused(f"The redirect to {target.url} leaves https for http.")
    following = outgoing.redirected(target, status)
    leaves = target.origin != outgoing.target.origin
    if leaves and following.body is not None and outgoing.confidential.in_body:
        raise RedirectRefused(
            f"The redirect to {target.authority} would carry a secret in the body to another site."
        )
    return following
