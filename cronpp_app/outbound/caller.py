"""Performing actions: an HTTP call becomes an AttemptResult, whatever happens on the way."""

import asyncio
import re
import traceback
from collections.abc import Mapping
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

import httpx

from cronpp_app.clock import utc_now
from cronpp_app.domain.attempts import (
    AttemptError,
    AttemptResult,
    ErrorKind,
    ReceivedResponse,
    SentRequest,
    is_retryable_status,
)
from cronpp_app.domain.jobs import HttpAction, LogAction
from cronpp_app.domain.secrets import USUAL, Confidential
from cronpp_app.outbound.exchange import Exchange
from cronpp_app.outbound.failures import describe
from cronpp_app.outbound.guard import EgressRules
from cronpp_app.outbound.resolver import Resolver
from cronpp_app.outbound.transport import GuardedTransport

_GONE: Final = 410
# Messages stand in lists; a longer address is in the log, with the answer's headers.
_LONGEST_TOLD: Final = 300
_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)


class UnexpectedStatus(Exception):
    """The target answered, but not with a status that counts as success."""


class Caller:
    """Calls targets through the guard. One per worker: it holds connections and TLS context."""

    def __init__(
        self,
        *,
        rules: EgressRules,
        user_agent: str,
        resolver: Resolver | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._rules = rules
        self._user_agent = user_agent
        self._transport = transport or GuardedTransport(rules, resolver=resolver)

    async def call(
        self,
        action: HttpAction,
        *,
        extra_headers: Mapping[str, str],
        confidential: Confidential = USUAL,
    ) -> AttemptResult:
        """Return what came of performing `action` once; `extra_headers` win over its own.

        What is `confidential` does not follow a redirect to another site. Never raises, but
        for CancelledError. `action.timeout` is the deadline for all of it: look-up, connection,
        TLS, sending, redirects, reading.
        """
        exchange = Exchange(
            action, extra_headers, confidential=confidential, user_agent=self._user_agent
        )
        deadline = asyncio.timeout(action.timeout.total_seconds())
        try:
            async with deadline:
                await exchange.perform(self._transport, self._rules)
        except Exception as error:
            if deadline.expired():
                return _timed_out(exchange, action, error)
            return _failed(exchange, error)
        return _judged(exchange, action)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._transport.aclose()


def perform_log(action: LogAction) -> AttemptResult:
    """Return the result of a log action: success, its line kept in the execution log."""
    line = SentRequest(method="LOG", url="", body=action.message)
    return AttemptResult(request=line, maybe_sent=False)


def _timed_out(exchange: Exchange, action: HttpAction, error: Exception) -> AttemptResult:
    seconds = f"{action.timeout.total_seconds():g} s"
    message = f"{exchange.where} took longer than {seconds}: {exchange.stage}."
    trace = "".join(traceback.format_exception_only(error))
    return AttemptResult(
        request=exchange.request,
        response=exchange.received(),
        error=AttemptError(kind=ErrorKind.TIMEOUT, message=message, traceback=trace),
        retryable=True,
        maybe_sent=exchange.maybe_sent,
    )


def _failed(exchange: Exchange, error: Exception) -> AttemptResult:
    described, retryable = describe(error, where=exchange.where, headers=exchange.headers)
    return AttemptResult(
        request=exchange.request,
        response=exchange.received(),
        error=described,
        retryable=retryable,
        maybe_sent=exchange.maybe_sent,
    )


def _judged(exchange: Exchange, action: HttpAction) -> AttemptResult:
    """Return the result of an answer that came in whole."""
    response = exchange.received()
    if response is None:
        raise RuntimeError("an exchange that did not fail has an answer")
    try:
        _check_status(response, action)
    except UnexpectedStatus as error:
        return _unexpected(exchange, response, error)
    return AttemptResult(request=exchange.request, response=response)


def _check_status(response: ReceivedResponse, action: HttpAction) -> None:
    if not any(response.status in wanted for wanted in action.success_statuses):
        raise UnexpectedStatus(_status_words(response, action))


def _unexpected(
    exchange: Exchange, response: ReceivedResponse, error: UnexpectedStatus
) -> AttemptResult:
    trace = "".join(traceback.format_exception(error))
    return AttemptResult(
        request=exchange.request,
        response=response,
        error=AttemptError(kind=ErrorKind.STATUS, message=str(error), traceback=trace),
        retryable=is_retryable_status(response.status),
        retry_after=read_retry_after(_header(response, "retry-after")),
        gone=response.status == _GONE,
    )


def _status_words(response: ReceivedResponse, action: HttpAction) -> str:
    try:
        answered = f"{response.status} {HTTPStatus(response.status).phrase}"
    except ValueError:
        answered = str(response.status)
    wanted = ", ".join(str(wanted) for wanted in action.success_statuses)
    location = _header(response, "location")
    where = location if location and len(location) <= _LONGEST_TOLD else "another address"
    hint = f" It points to {where}; redirects are not followed." if location else ""
    return f"The target answered {answered}, which is not among the expected {wanted}.{hint}"


def _header(response: ReceivedResponse, name: str) -> str | None:
    return next((text for key, text in response.headers.items() if key.casefold() == name), None)


def read_retry_after(text: str | None) -> timedelta | None:
    """Return how long a Retry-After header asks to wait, None if it says nothing sensible.

    Seconds or an HTTP date (RFC 9110, 10.2.3); a date that has passed is no wait at all.
    """
    if text is None:
        return None
    if _SECONDS.fullmatch(text.strip()):
        return timedelta(seconds=int(text))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(moment - utc_now(), timedelta())
