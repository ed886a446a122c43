"""Every policy, case by case as docs/policies.md tells it."""

from dataclasses import replace
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from cronpp_app.domain.attempts import (
    AttemptError,
    AttemptResult,
    ErrorKind,
    is_retryable_kind,
    is_retryable_status,
)
from cronpp_app.domain.backoff import PlannedRetry, planned_retries
from cronpp_app.domain.fires import Gap, plan_fires
from cronpp_app.domain.jobs import HttpAction, JobDefinition
from cronpp_app.domain.leases import TrustWindow
from cronpp_app.domain.runs import (
    JobStanding,
    Run,
    RunStatus,
    Trigger,
    Verdict,
    broken_off_result,
    judge_attempt,
    lost_result,
    reason_not_to_start,
    was_fired_ahead_of_an_edit,
)
from cronpp_app.domain.schedules import fires_after
from cronpp_app.engine.claims import Claim, HeldClaims, Limits
from cronpp_app.outbound import caller
from cronpp_app.outbound.caller import read_retry_after
from cronpp_app.services.drafts import parse_job
from tests.documented import Case, cases, code, json_of, listed, moment, names
from tests.factories import NOON, job_body, make_job, make_run

PATIENT = {
    "max_retries": 2,
    "base_seconds": 10,
    "max_seconds": 3600,
    "jitter": False,
    "window_seconds": 600,
}


def defined(**changes: Any) -> JobDefinition:
    """Return what the REST API makes of a job with these fields."""
    return parse_job(job_body(**changes), now=NOON - timedelta(hours=2))


@cases("schedules")
def test_schedules(case: Case) -> None:
    schedule = defined(schedule=json_of(case["schedule"])).schedule
    expected = [moment(cell) for cell in listed(case["its next fire times"])]
    fires = list(islice(fires_after(schedule, after=moment(case["after"])), len(expected) + 1))
    ends = json_of(case["schedule"]).keys() & {"end_at", "run_at"}
    assert fires[: len(expected)] == expected
    assert not ends or len(fires) == len(expected)


@cases("misfires")
def test_misfires(case: Case) -> None:
    schedule = {"kind": "cron", "cron": code(case["cron"])}
    definition = defined(schedule=schedule, misfire=json_of(case["misfire"]))
    now = moment(case["noticed at"])
    plan = plan_fires(definition.schedule, definition.misfire, due=NOON, now=now)
    assert list(plan.fires) == [moment(cell) for cell in listed(case["runs for"])]
    assert " and ".join(map(row_words, plan.gaps)) == case["row without a run"]
    assert plan.next_run_time == next(fires_after(definition.schedule, after=now))


def row_words(gap: Gap) -> str:
    times = "time" if gap.count == 1 else "times"
    return f"{gap.status} {gap.first:%H:%M}–{gap.last:%H:%M}, {gap.count} {times}"


@cases("one-offs")
def test_one_offs(case: Case) -> None:
    due = moment(case["due at"])
    once = {"kind": "once", "run_at": due.isoformat()}
    definition = defined(schedule=once, misfire=json_of(case["misfire"]))
    plan = plan_fires(
        definition.schedule, definition.misfire, due=due, now=moment(case["noticed at"])
    )
    outcomes = ["a run" for _ in plan.fires] + [gap.status.value for gap in plan.gaps]
    assert (outcomes, plan.next_run_time) == ([case["becomes"]], None)


@cases("waits")
def test_waits_between_attempts(case: Case) -> None:
    planned = planned_retries(defined(retry=json_of(case["retry"])).retry)
    assert [wait_words(retry) for retry in planned] == listed(case["waits"])


def wait_words(retry: PlannedRetry) -> str:
    shortest, longest = retry.shortest.total_seconds(), retry.longest.total_seconds()
    return f"{longest:g} s" if shortest == longest else f"{shortest:g}–{longest:g} s"


@cases("failures")
def test_which_failures_are_retried(case: Case) -> None:
    what = case["what happened"]
    if what.startswith("answer "):
        answers = listed(what.removeprefix("answer "))
        retried = {is_retryable_status(int(answer)) for answer in answers}
    else:
        retried = {is_retryable_kind(ErrorKind(code(what.partition(":")[0])))}
    assert retried == {case["retried"] == "yes"}


@cases("verdicts")
def test_what_an_attempt_makes_of_its_run(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    ended_at = moment(case["ended at"])
    monkeypatch.setattr(caller, "utc_now", lambda: ended_at)
    run = running(attempt_count=int(case["attempt"]))
    verdict = judge_attempt(run, result_of(case["with"]), now=ended_at, draw=0.5)
    assert verdict_words(verdict) == case["the run is"]


def running(**changes: Any) -> Run:
    retry = defined(retry=PATIENT).retry
    run = make_run(trigger=Trigger.SCHEDULE, status=RunStatus.RUNNING, retry=retry)
    return replace(run, **changes)


def result_of(words: str) -> AttemptResult:
    """Return the result that `words` tell of, read as the caller of targets would read it."""
    ends = {
        "lost": lost_result("w1", sent=True),
        "lost unsent": lost_result("w1", sent=False),
        "broken off": broken_off_result("w1"),
        "answer 200": AttemptResult(),
    }
    if words in ends:
        return ends[words]
    answer, _, retry_after = words.partition(", Retry-After: ")
    status = int(answer.removeprefix("answer "))
    return AttemptResult(
        error=AttemptError(kind=ErrorKind.STATUS, message=f"The target answered {status}."),
        retryable=is_retryable_status(status),
        retry_after=read_retry_after(retry_after or None),
        gone=status == 410,
    )


def verdict_words(verdict: Verdict) -> str:
    at = f" at {verdict.retry_at:%H:%M:%S}" if verdict.retry_at else ""
    paused = ", job paused" if verdict.pause_job else ""
    marked = ", marked as possible duplicate" if verdict.possible_duplicate else ""
    return f"{verdict.status}{at}{paused}{marked}"


@cases("poison")
def test_a_run_that_takes_its_workers_down(case: Case) -> None:
    run = running(retry=defined(retry={"max_retries": 20}).retry)
    for number, words in enumerate(listed(case["the attempts of a run end"]), start=1):
        run = replace(run, attempt_count=number)
        verdict = judge_attempt(run, result_of(words), now=NOON, draw=0.5)
        run = replace(run, lost_count=verdict.lost_count, spared_count=verdict.spared_count)
    reason = f", reason {verdict.reason}" if verdict.reason else ""
    assert f"{verdict.status}{reason}" == case["the run is"]


@cases("starts")
def test_what_a_pause_and_a_deletion_stop(case: Case) -> None:
    run = running(trigger=Trigger(code(case["run"])), created_at=moment(case["made"]))
    reason = reason_not_to_start(run, standing(case["the job"]))
    assert case["starts"] == (f"no: {reason}" if reason else "yes")


def standing(words: str) -> JobStanding | None:
    if words == "was deleted":
        return None
    active = JobStanding(enabled=True, paused_at=None, version=1, edited_at=NOON)
    if words == "is active":
        return active
    return replace(active, enabled=False, paused_at=moment(words.removeprefix("was paused at ")))


@cases("edits")
def test_which_runs_follow_an_edit(case: Case) -> None:
    run = running(
        trigger=Trigger(code(case["run"])),
        attempt_count=int(case["attempt"]),
        fire_time=moment(case["due at"]),
    )
    edited_at = moment(case["the job was edited at"])
    job = JobStanding(enabled=True, paused_at=None, version=2, edited_at=edited_at)
    follows = was_fired_ahead_of_an_edit(run, job)
    assert case["does"] == ("as edited" if follows else "as it was")


@cases("limits")
def test_who_finds_room(case: Case) -> None:
    slots, of_user, to_host = map(int, listed(case["slots, of a user, to a host"]))
    held = HeldClaims(Limits(slots=slots, of_user=of_user, to_host=to_host), freed=())
    under_way = [] if case["under way"] == "nothing" else listed(case["under way"])
    assert all(starts(held, words) for words in under_way)
    assert starts(held, case["one more"]) is (case["starts"] == "yes")


def starts(held: HeldClaims, words: str) -> bool:
    """Return whether the run of `words`, "who to where", starts."""
    who, _, where = words.partition(" to ")
    action = HttpAction(method="GET", url=f"https://{where}/")
    run = make_run(make_job(user_id=who), id=words, action=action)
    held.take(Claim(run=run, trust=TrustWindow(trusted_until=0)))
    return held.try_start(run)


def test_every_table_of_the_page_is_tested() -> None:
    tests = Path(__file__).parents[1]
    sources = [
        (tests / "domain" / "test_policies.py").read_text(),
        (tests / "engine" / "test_documented_policies.py").read_text(),
    ]
    untested = [name for name in names() if not any(f'cases("{name}")' in s for s in sources)]
    assert (untested, len(names())) == ([], len(set(names())))
