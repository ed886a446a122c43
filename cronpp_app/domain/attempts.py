"""One try to perform a run, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class ErrorKind(StrEnum):
    """Why an attempt failed, in one word."""

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    STATUS = "status"
    TOO_LARGE = "too_large"
    BLOCKED = "blocked"
    PROTOCOL = "protocol"
    LOST = "lost"
    INTERNAL = "internal"


class AttemptStatus(StrEnum):
    """Where an attempt stands; all but RUNNING are final."""

    RUNNING = "RUNNING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    LOST = "LOST"  # its worker died or lost the lease
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentRequest:
    """What an attempt sent."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedResponse:
    """What came back: the first 16 KiB of `headers`, the first 64 KiB of `body` as text.

    `size_bytes` is all that was read of the body.
    """

    status: int
    headers: Mapping[str, str]
    body: str
    body_truncated: bool
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptError:
    """What went wrong: the kind, a sentence for people, and the stack trace where there is one."""

    kind: ErrorKind
    message: str
    traceback: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptResult:
    """The outcome of performing an action once.

    `error` is None exactly when the attempt succeeded. `retryable` says whether trying again
    may help, `retry_after` what the target asked for, `gone` that it answered 410. A `spared`
    result is no fault of the run's and not held against it; `maybe_sent` says whether the
    request may have left.
    """

    request: SentRequest | None = None
    response: ReceivedResponse | None = None
    error: AttemptError | None = None
    retryable: bool = False
    retry_after: timedelta | None = None
    gone: bool = False
    spared: bool = False
    maybe_sent: bool = True

    @property
    def ok(self) -> bool:
        """Return whether the attempt succeeded."""
        return self.error is None

    @property
    def lost(self) -> bool:
        """Return whether nobody knows what became of the attempt."""
        return self.error is not None and self.error.kind is ErrorKind.LOST


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One entry of the execution log, numbered from 1 within its run."""

    run_id: str
    number: int
    worker_id: str
    status: AttemptStatus
    started_at: datetime
    finished_at: datetime | None = None
    duration_ms: int | None = None
    request: SentRequest | None = None
    response: ReceivedResponse | None = None
    error: AttemptError | None = None
    stale_note: str | None = None


# Statuses that may get better by themselves (RFC 9110; 425 is RFC 8470, 429 is RFC 6585).
_RETRYABLE_STATUSES = frozenset({408, 409, 425, 429})
_RETRYABLE_KINDS = frozenset({ErrorKind.DNS, ErrorKind.CONNECT, ErrorKind.TIMEOUT, ErrorKind.LOST})


def is_retryable_status(status: int) -> bool:
    """Return whether an unwanted HTTP `status` is worth another attempt."""
    return status in _RETRYABLE_STATUSES or 500 <= status <= 599


def is_retryable_kind(kind: ErrorKind) -> bool:
    """Return whether an error of this kind, other than a status, is worth another attempt."""
    return kind in _RETRYABLE_KINDS
