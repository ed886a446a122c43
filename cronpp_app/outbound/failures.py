"""What went wrong, in words: every error of a call made into a kind and a sentence."""

import errno
import socket
import ssl
import traceback
from collections.abc import Callable
from typing import Any, Final

import aiohttp

from cronpp_app.domain.attempts import AttemptError, ErrorKind, is_retryable_kind
from cronpp_app.outbound.bodies import TooLarge
from cronpp_app.outbound.guard import Blocked, InvalidUrl
from cronpp_app.outbound.requests import Headers, without_secrets
from cronpp_app.outbound.transport import ConnectionBroke

_LONGEST_TRACE = 16_384
# Of every error in the chain. Formatting a frame takes 40 µs, and one dead target may fail
# thousands of runs at once.
_INNERMOST_FRAMES = 4
_CONNECT_WORDS: Final = {
    errno.ECONNREFUSED: "Connection refused by {where}",
    errno.ECONNRESET: "{where} broke off the connection while it was being opened",
    errno.EHOSTUNREACH: "There is no route to {where} from this worker",
    errno.ENETUNREACH: "There is no route to {where} from this worker",
    errno.ETIMEDOUT: "{where} does not respond",
    errno.EMFILE: "This worker has too many open files to connect to {where}",
    errno.ENFILE: "This worker's machine has too many open files to connect to {where}",
    errno.EADDRNOTAVAIL: "This worker has no free port left to connect to {where}",
}


class RedirectRefused(Exception):
    """A redirect that is not followed: too many, or from https to http."""


def describe(error: Exception, *, where: str, headers: Headers) -> tuple[AttemptError, bool]:
    """Return what to record of `error`, and whether another attempt may help.

    `where` is the target's host and port; `headers` are those sent, whose secrets are kept
    out of the stack trace.
    """
    kind, message = _classify(error, where)
    trace = "".join(traceback.format_exception(_shortened(error)))[-_LONGEST_TRACE:]
    described = AttemptError(kind=kind, message=message, traceback=without_secrets(trace, headers))
    return described, is_retryable_kind(kind) or kind is ErrorKind.INTERNAL


def _shortened(error: Exception) -> Exception:
    """Return `error`, it and its causes with the innermost frames of their traces only."""
    link: BaseException | None = error
    while link is not None:
        frames = []
        trace = link.__traceback__
        while trace is not None:
            frames.append(trace)
            trace = trace.tb_next
        link.__traceback__ = next(iter(frames[-_INNERMOST_FRAMES:]), None)
        link = link.__cause__ or link.__context__
    return error


def _classify(error: Exception, where: str) -> tuple[ErrorKind, str]:
    for error_type, kind, explain in _KINDS:
        if isinstance(error, error_type):
            return kind, explain(error, where)
    name = type(error).__name__
    return ErrorKind.INTERNAL, f"Cron++ failed to perform this attempt: {name}."


def _own_words(error: Exception, _: str) -> str:
    return str(error)


def _closed_words(_: Exception, where: str) -> str:
    return f"{where} closed the connection before it answered."


def _broken_off_words(_: Exception, where: str) -> str:
    return f"{where} broke off the connection in the middle of its answer."


def _garbled_words(error: Any, where: str) -> str:
    reason = str(getattr(error, "message", "") or error).split("\n")[0].rstrip(":. ")
    return f"The answer of {where} is not valid HTTP: {reason}."


def _dns_words(error: aiohttp.ClientConnectorDNSError, where: str) -> str:
    reason = error.os_error
    host = where.rpartition(":")[0] or where
    if reason.errno == socket.EAI_AGAIN:
        return f"The name server did not answer for {host}."
    return f"The name {host} has no address ({reason.strerror or reason})."


def _certificate_words(error: aiohttp.ClientConnectorCertificateError, where: str) -> str:
    inner = error.certificate_error
    reason = (getattr(inner, "verify_message", "") or str(inner)).rstrip(".")
    return f"The certificate of {where} is not valid: {reason}."


def _handshake_words(error: aiohttp.ClientConnectorSSLError, where: str) -> str:
    inner = error.os_error
    reason = inner.reason if isinstance(inner, ssl.SSLError) else None
    plain = (reason or str(inner)).replace("_", " ").lower()
    return f"The TLS handshake with {where} failed: {plain}."


def _connect_words(error: aiohttp.ClientConnectorError, where: str) -> str:
    inner = error.os_error
    known = _CONNECT_WORDS.get(inner.errno or 0)
    if known:
        return known.format(where=where) + "."
    return f"Could not connect to {where}: {inner.strerror or inner}."


# The first that fits counts: aiohttp's errors derive from one another.
_KINDS: Final[tuple[tuple[type[Exception], ErrorKind, Callable[[Any, str], str]], ...]] = (
    (Blocked, ErrorKind.BLOCKED, _own_words),
    (InvalidUrl, ErrorKind.BLOCKED, _own_words),
    (TooLarge, ErrorKind.TOO_LARGE, _own_words),
    (RedirectRefused, ErrorKind.PROTOCOL, _own_words),
    (ConnectionBroke, ErrorKind.CONNECT, _closed_words),
    (aiohttp.ClientConnectorDNSError, ErrorKind.DNS, _dns_words),
    (aiohttp.ClientConnectorCertificateError, ErrorKind.TLS, _certificate_words),
    (aiohttp.ClientConnectorSSLError, ErrorKind.TLS, _handshake_words),
    (aiohttp.ClientConnectorError, ErrorKind.CONNECT, _connect_words),
    (aiohttp.ClientPayloadError, ErrorKind.CONNECT, _broken_off_words),
    (aiohttp.ClientOSError, ErrorKind.CONNECT, _broken_off_words),
    (aiohttp.ServerDisconnectedError, ErrorKind.CONNECT, _broken_off_words),
    (aiohttp.ClientError, ErrorKind.PROTOCOL, _garbled_words),
)
