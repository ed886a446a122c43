"""How long a run waits between attempts."""

from datetime import timedelta

import pytest

from cronpp_app.domain.backoff import (
    Backoff,
    RetryPolicy,
    backoff_delay,
    retry_delay,
)

DELAYS = [
    (Backoff.EXPONENTIAL, 1, 10),
    (Backoff.EXPONENTIAL, 2, 20),
    (Backoff.EXPONENTIAL, 9, 2560),
    (Backoff.EXPONENTIAL, 10, 3600),
    (Backoff.EXPONENTIAL, 500, 3600),
    (Backoff.LINEAR, 1, 10),
    (Backoff.LINEAR, 7, 70),
    (Backoff.LINEAR, 5000, 3600),
    (Backoff.FIXED, 1, 10),
    (Backoff.FIXED, 20, 10),
]


@pytest.mark.parametrize(("backoff", "attempt", "seconds"), DELAYS)
def test_the_wait_grows_as_its_kind_says_until_the_cap(
    backoff: Backoff, attempt: int, seconds: int
) -> None:
    policy = RetryPolicy(backoff=backoff, jitter=False)
    assert backoff_delay(policy, attempt=attempt, draw=0.9) == timedelta(seconds=seconds)


def test_jitter_spreads_over_the_upper_half_of_the_wait() -> None:
    policy = RetryPolicy(jitter=True)
    waits = [backoff_delay(policy, attempt=2, draw=draw / 10).total_seconds() for draw in range(10)]
    assert min(waits) == 10
    assert 19 <= max(waits) < 20
    assert sum(waits) / len(waits) == pytest.approx(14.5)


def test_attempts_count_from_one() -> None:
    with pytest.raises(ValueError, match="counts from 1"):
        backoff_delay(RetryPolicy(), attempt=0, draw=0)


@pytest.mark.parametrize(("asked", "waited"), [(5, 5), (90_000, 3600), (-3, 0)])
def test_the_target_may_name_the_wait_within_the_cap(asked: int, waited: int) -> None:
    delay = retry_delay(RetryPolicy(), attempt=1, draw=0.5, retry_after=timedelta(seconds=asked))
    assert delay == timedelta(seconds=waited)
