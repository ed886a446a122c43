"""What an attempt's result makes of its run, and when an attempt must not start."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cronpp_app.domain.attempts import AttemptError, AttemptResult, ErrorKind
from cronpp_app.domain.backoff import RetryPolicy
from cronpp_app.domain.jobs import LogAction, Overlap
from cronpp_app.domain.runs import (
    FINAL,
    Run,
    RunStatus,
    Trigger,
    check_transition,
    judge_attempt,
    without_head_start,
)
from cronpp_app.errors import InvalidTransition

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
RUN = Run(
    id="r",
    job_id="j",
    user_id="u",
    job_name="Export",
    job_version=1,
    trigger=Trigger.SCHEDULE,
    fire_time=NOON,
    status=RunStatus.RUNNING,
    action=LogAction(message="hi"),
    retry=RetryPolicy(max_retries=2, jitter=False),
    overlap=Overlap.SKIP,
    created_at=NOON,
    attempt_count=1,
)
LATER = NOON + timedelta(seconds=1)
UNAVAILABLE = AttemptResult(
    error=AttemptError(kind=ErrorKind.STATUS, message="503"), retryable=True
)


@pytest.mark.parametrize(
    ("seconds_after_fire_time", "status"), [(20, RunStatus.RETRYING), (21, RunStatus.FAILED)]
)
def test_no_retry_begins_behind_the_retry_window(
    seconds_after_fire_time: int, status: RunStatus
) -> None:
    patient = RetryPolicy(max_retries=9, jitter=False, window=timedelta(seconds=30))
    now = NOON + timedelta(seconds=seconds_after_fire_time)
    verdict = judge_attempt(replace(RUN, retry=patient), UNAVAILABLE, now=now, draw=0)
    assert verdict.status is status
    if status is RunStatus.FAILED:
        assert verdict.reason == "The next retry would begin after the retry window of 30 s."


def test_the_window_of_a_run_caught_up_late_begins_when_it_was_made() -> None:
    late = replace(RUN, created_at=NOON + timedelta(hours=3))
    patient = replace(late, retry=RetryPolicy(jitter=False, window=timedelta(seconds=30)))
    now = NOON + timedelta(hours=3, seconds=1)
    assert judge_attempt(patient, UNAVAILABLE, now=now, draw=0).status is RunStatus.RETRYING


def test_spared_attempts_are_not_held_against_the_run() -> None:
    run = replace(RUN, attempt_count=3, spared_count=1)
    assert judge_attempt(run, UNAVAILABLE, now=NOON, draw=0).status is RunStatus.RETRYING


@pytest.mark.parametrize("final", sorted(FINAL))
def test_final_statuses_stay(final: RunStatus) -> None:
    for status in RunStatus:
        with pytest.raises(InvalidTransition):
            check_transition(final, status)


def test_a_waiting_run_may_start_or_be_cancelled() -> None:
    check_transition(RunStatus.PENDING, RunStatus.RUNNING)
    check_transition(RunStatus.RETRYING, RunStatus.CANCELLED)


@pytest.mark.parametrize(("attempt", "status"), [(1, RunStatus.PENDING), (2, RunStatus.RETRYING)])
def test_people_see_a_run_claimed_ahead_wait_until_it_is_due(
    attempt: int, status: RunStatus
) -> None:
    claimed = replace(RUN, attempt_count=attempt, due_at=LATER)
    seen = without_head_start(claimed, now=NOON)
    assert (seen.status, seen.attempt_count, seen.next_attempt_at) == (status, attempt - 1, LATER)
    assert without_head_start(claimed, now=LATER) == claimed
