"""What is sent: an action made into a request, and how the execution log shows it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import httpx

from cronpp_app.domain.attempts import SentRequest
from cronpp_app.domain.jobs import HttpAction
from cronpp_app.domain.secrets import SECRET_HEADERS, USUAL, Confidential, mask, masked_headers
from cronpp_app.outbound.guard import Target
from cronpp_app.outbound.transport import SAFE_METHODS, Passage

Headers = tuple[tuple[str, str], ...]

_SIGNATURE: Final = frozenset({"webhook-id", "webhook-timestamp", "webhook-signature"})
_BODY_HEADERS: Final = frozenset({"content-type", "content-length", "content-encoding"})


# Immutable, and dear to make.
_read_by_httpx = lru_cache(maxsize=4_096)(httpx.URL)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request as it leaves: `headers` in their order and case, without Host and framing."""

    method: str
    target: Target
    headers: Headers
    body: bytes | None
    confidential: Confidential = USUAL

    def to_httpx(self, passage: Passage) -> httpx.Request:
        """Return the request for the transport."""
        return httpx.Request(
            self.method,
            _read_by_httpx(self.target.url),
            headers=list(self.all_headers()),
            content=self.body,
            extensions={"passage": passage},
        )

    def all_headers(self) -> Headers:
        """Return every header that goes over the wire (RFC 9112, 3.2 and 6)."""
        framing: list[tuple[str, str]] = []
        if self.body is not None or self.method not in SAFE_METHODS:
            framing.append(("Content-Length", str(len(self.body or b""))))
        if self.method not in SAFE_METHODS:
            framing.append(("Connection", "close"))
        return (("Host", self.target.authority), *self.headers, *framing)

    def redirected(self, target: Target, status: int) -> "Outgoing":
        """Return what is sent to `target` after a redirect of this request (RFC 9110, 15.4).

        303, and 301 or 302 after POST, go on as GET without a body. Secrets stay with the
        site they were meant for, and so does the signature, which is of this body.
        """
        following = replace(self, target=target)
        if target.origin != self.target.origin:
            following = following._without(self.confidential.headers | _SIGNATURE)
        if (status == 303 and self.method != "HEAD") or (
            status in {301, 302} and self.method == "POST"
        ):
            without = following._without(_BODY_HEADERS | _SIGNATURE)
            following = replace(without, method="GET", body=None)
        return following

    def _without(self, names: frozenset[str]) -> "Outgoing":
        kept = tuple(pair for pair in self.headers if pair[0].casefold() not in names)
        return replace(self, headers=kept)


def compose_headers(
    action: HttpAction, extra_headers: Mapping[str, str], *, user_agent: str
) -> Headers:
    """Return the headers of an action: ours first, then the user's; `extra_headers` win."""
    chosen = {
        "user-agent": ("User-Agent", user_agent),
        "accept": ("Accept", "*/*"),
        "accept-encoding": ("Accept-Encoding", "gzip, deflate"),
    }
    for name, value in (*action.headers.items(), *extra_headers.items()):
        chosen[name.casefold()] = (name, value)
    if action.body is not None and "content-type" not in chosen:
        chosen["content-type"] = ("Content-Type", guess_type(action.body))
    return tuple(chosen.values())


def says_json(headers: Mapping[str, str]) -> bool:
    """Return whether the content type is JSON or one of its kinds (RFC 6839, +json)."""
    for name, value in headers.items():
        if name.casefold() == "content-type":
            kind = value.split(";")[0].strip().casefold()
            return kind in {"application/json", "text/json"} or kind.endswith("+json")
    return False


def guess_type(body: str) -> str:
    """Return the content type of a body that came without one."""
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return "text/plain; charset=utf-8"
    return "application/json"


def shown_request(action: HttpAction, headers: Headers) -> SentRequest:
    """Return the request as the execution log keeps it: secrets masked."""
    shown = masked_headers(dict(headers))
    return SentRequest(method=action.method, url=action.url, headers=shown, body=action.body)


def without_secrets(text: str, headers: Headers) -> str:
    """Return `text`, such as a stack trace, with the values of secret headers masked."""
    for name, value in headers:
        if value and name.casefold() in SECRET_HEADERS:
            text = text.replace(value, mask(value))
    return text
