"""How long to wait before another attempt of the same run."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import assert_never


class Backoff(StrEnum):
    """How the wait grows from one retry to the next."""

    EXPONENTIAL = "exponential"
    LINEAR = "linear"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How stubborn a job is: how many retries, and how long between them.

    No retry begins later than `window` after its run was due, if there is one.
    """

    max_retries: int = 3
    backoff: Backoff = Backoff.EXPONENTIAL
    base: timedelta = timedelta(seconds=10)
    max_delay: timedelta = timedelta(hours=1)
    jitter: bool = True
    window: timedelta | None = None

    @property
    def max_attempts(self) -> int:
        """Return the number of attempts a run gets in all: the first one and its retries."""
        return 1 + self.max_retries


# 2 ** 32 seconds is far beyond any cap; larger exponents only make larger integers.
_MAX_EXPONENT = 32


def backoff_delay(policy: RetryPolicy, *, attempt: int, draw: float) -> timedelta:
    """Return the wait after failed attempt number `attempt` (the first is 1).

    Exponential is base * 2 ** (attempt - 1), linear base * attempt, fixed base; capped at
    max_delay, then, with jitter, spread over the upper half of that value by `draw`, a
    number in [0, 1) from the caller. Raises ValueError if `attempt` is below 1.
    """
    if attempt < 1:
        raise ValueError(f"attempt counts from 1, got {attempt}")
    delay = min(policy.base * _growth(policy.backoff, attempt), policy.max_delay)
    return delay * (0.5 + draw / 2) if policy.jitter else delay


def retry_delay(
    policy: RetryPolicy, *, attempt: int, draw: float, retry_after: timedelta | None
) -> timedelta:
    """Return the wait before the next attempt: what the target asked for, else the backoff.

    `Retry-After` (RFC 9110, 10.2.3) is honoured within the policy's cap and never shortens
    the wait to less than nothing.
    """
    if retry_after is None:
        return backoff_delay(policy, attempt=attempt, draw=draw)
    return min(max(retry_after, timedelta(0)), policy.max_delay)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRetry:
    """A retry as planned: its number (from 1), and the shortest and longest wait before it."""

    number: int
    shortest: timedelta
    longest: timedelta


def planned_retries(policy: RetryPolicy) -> tuple[PlannedRetry, ...]:
    """Return the retries of a run whose attempts all fail at once, as far as the window goes."""
    planned: list[PlannedRetry] = []
    earliest = timedelta(0)
    for number in range(1, policy.max_attempts):
        shortest = backoff_delay(policy, attempt=number, draw=0)
        earliest += shortest
        if policy.window is not None and earliest > policy.window:
            break
        longest = backoff_delay(policy, attempt=number, draw=1)
        planned.append(PlannedRetry(number=number, shortest=shortest, longest=longest))
    return tuple(planned)


def _growth(backoff: Backoff, attempt: int) -> int:
    match backoff:
        case Backoff.EXPONENTIAL:
            return int(2 ** min(attempt - 1, _MAX_EXPONENT))
        case Backoff.LINEAR:
            return attempt
        case Backoff.FIXED:
            return 1
        case _:
            assert_never(backoff)
