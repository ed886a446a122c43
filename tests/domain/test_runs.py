"""What an attempt's result makes of its run, and when an attempt must not start."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cronpp_app.domain.attempts import AttemptError, AttemptResult, ErrorKind
from cronpp_app.domain.backoff import RetryPolicy
from cronpp_app.domain.jobs import LogAction, Overlap
from cronpp_app.domain.runs import (
    FINAL,
    JobStanding,
    Run,
    RunStatus,
    Trigger,
    broken_off_result,
    check_transition,
    judge_attempt,
    lost_result,
    reason_not_to_start,
    was_fired_ahead_of_an_edit,
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
UNAVAILABLE = AttemptResult(
    error=AttemptError(kind=ErrorKind.STATUS, message="503"), retryable=True
)


def test_success_ends_the_run() -> None:
    verdict = judge_attempt(RUN, AttemptResult(), now=NOON, draw=0)
    assert (verdict.status, verdict.retry_at) == (RunStatus.SUCCESS, None)


def test_a_retryable_failure_waits_for_its_next_attempt() -> None:
    verdict = judge_attempt(RUN, UNAVAILABLE, now=NOON, draw=0)
    assert (verdict.status, verdict.retry_at) == (
        RunStatus.RETRYING,
        NOON + timedelta(seconds=10),
    )


@pytest.mark.parametrize(("attempt", "status"), [(2, RunStatus.RETRYING), (3, RunStatus.FAILED)])
def test_a_run_gets_one_attempt_and_its_retries(attempt: int, status: RunStatus) -> None:
    run = replace(RUN, attempt_count=attempt)
    assert judge_attempt(run, UNAVAILABLE, now=NOON, draw=0).status is status


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


def test_a_permanent_failure_ends_the_run_at_once() -> None:
    gone = replace(UNAVAILABLE, retryable=False, gone=True)
    verdict = judge_attempt(RUN, gone, now=NOON, draw=0)
    assert (verdict.status, verdict.pause_job) == (RunStatus.FAILED, True)


def test_a_lost_attempt_may_have_reached_its_target() -> None:
    verdict = judge_attempt(RUN, lost_result("w1", sent=True), now=NOON, draw=0)
    assert (verdict.possible_duplicate, verdict.lost_count, verdict.spared_count) == (True, 1, 0)
    assert verdict.retry_at == NOON + timedelta(seconds=10)


def test_an_attempt_lost_before_sending_is_due_again_at_once_and_spared() -> None:
    verdict = judge_attempt(RUN, lost_result("w1", sent=False), now=NOON, draw=0)
    assert (verdict.retry_at, verdict.spared_count) == (NOON, 1)
    assert verdict.possible_duplicate is False


def test_an_attempt_broken_off_by_a_stopping_worker_is_spared() -> None:
    verdict = judge_attempt(
        replace(RUN, attempt_count=3), broken_off_result("w1"), now=NOON, draw=0
    )
    assert (verdict.status, verdict.spared_count) == (RunStatus.RETRYING, 1)


@pytest.mark.parametrize("sent", [True, False])
def test_the_third_loss_in_a_row_is_poison(sent: bool) -> None:
    run = replace(RUN, lost_count=2, retry=RetryPolicy(max_retries=20))
    verdict = judge_attempt(run, lost_result("w1", sent=sent), now=NOON, draw=0)
    assert (verdict.status, verdict.reason) == (RunStatus.FAILED, "poison")


@pytest.mark.parametrize("final", sorted(FINAL))
def test_final_statuses_stay(final: RunStatus) -> None:
    for status in RunStatus:
        with pytest.raises(InvalidTransition):
            check_transition(final, status)


def test_a_waiting_run_may_start_or_be_cancelled() -> None:
    check_transition(RunStatus.PENDING, RunStatus.RUNNING)
    check_transition(RunStatus.RETRYING, RunStatus.CANCELLED)


ENABLED = JobStanding(enabled=True, paused_at=None, version=1, edited_at=NOON)
PAUSED = replace(ENABLED, enabled=False, paused_at=NOON)
LATER = NOON + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("standing", "trigger", "created_at", "starts"),
    [
        (ENABLED, Trigger.SCHEDULE, NOON, True),
        (PAUSED, Trigger.SCHEDULE, LATER, False),
        (PAUSED, Trigger.MANUAL, NOON, False),
        (PAUSED, Trigger.MANUAL, LATER, True),
        (PAUSED, Trigger.REPLAY, LATER, True),
        (None, Trigger.MANUAL, LATER, False),
    ],
)
def test_a_pause_stops_what_was_there_and_a_deletion_everything(
    standing: JobStanding | None, trigger: Trigger, created_at: datetime, starts: bool
) -> None:
    run = replace(RUN, trigger=trigger, created_at=created_at)
    assert (reason_not_to_start(run, standing) is None) is starts


@pytest.mark.parametrize(
    ("changes", "version", "edited_at", "ahead"),
    [
        ({}, 2, NOON, True),
        ({}, 2, LATER, False),  # it was due before the edit
        ({}, 1, NOON, False),
        ({"attempt_count": 2}, 2, NOON, False),  # a retry keeps the version of its run
        ({"trigger": Trigger.MANUAL}, 2, NOON, False),
    ],
)
def test_only_a_run_due_after_an_edit_follows_it(
    changes: dict, version: int, edited_at: datetime, ahead: bool
) -> None:
    job = replace(ENABLED, version=version, edited_at=edited_at)
    assert was_fired_ahead_of_an_edit(replace(RUN, **changes), job) is ahead


@pytest.mark.parametrize(("attempt", "status"), [(1, RunStatus.PENDING), (2, RunStatus.RETRYING)])
def test_people_see_a_run_claimed_ahead_wait_until_it_is_due(
    attempt: int, status: RunStatus
) -> None:
    claimed = replace(RUN, attempt_count=attempt, due_at=LATER)
    seen = without_head_start(claimed, now=NOON)
    assert (seen.status, seen.attempt_count, seen.next_attempt_at) == (status, attempt - 1, LATER)
    assert without_head_start(claimed, now=LATER) == claimed
