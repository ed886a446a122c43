"""The selftest tells the truth: it passes on a sound engine, and sees every kind of breach."""

import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo import MongoClient

from cronpp_app.selftest.__main__ import main
from cronpp_app.selftest.findings import Ended, Findings, count
from cronpp_app.selftest.report import report
from cronpp_app.selftest.target import Call
from cronpp_app.selftest.trial import plan, planned_ids
from tests.cluster.harness import ROOT
from tests.store.embedded_steps import until

NOW = datetime(2026, 3, 1, tzinfo=UTC)
RUN = Ended(
    run_id="job-1", job_id="job", fire_time=NOW, status="SUCCESS", attempts=1, lateness_ms=9
)
CALL = Call(run_id="job-1", attempt=1, key="key-1", marked=False, at=NOW)


def found(ledger: list[Ended], calls: list[Call], **others: Any) -> Findings:
    rest = {"violations": [], "recoveries": [1.5], "kills": 1, "calm": True}
    return count({"job-1"}, ledger, calls, **(rest | others))


def test_a_selftest_on_this_machine_passes_and_leaves_nothing_behind(
    mongodb_uri: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["--occurrences", "60", "--workers", "2", "--mongodb-uri", mongodb_uri])

    told = capsys.readouterr().out
    assert status == 0, told
    assert re.search(r"2 workers, [1-9]\d* of them killed", told)
    assert re.search(
        r"runs in the ledger +60\n +lost +0\n +given up after three kills +\d+\n +doubled +0\n",
        told,
    )
    assert "Verdict: PASSED" in told
    scratch = re.search(r"cronpp_selftest_\w+", told)
    client: MongoClient[Mapping[str, Any]] = MongoClient(mongodb_uri)
    with client:
        assert scratch
        assert scratch[0] not in client.list_database_names()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_selftest_that_is_broken_off_leaves_nothing_behind(
    mongodb_uri: str, mongodb: MongoClient[dict[str, Any]], number: signal.Signals
) -> None:
    command = [sys.executable, "-u", str(ROOT / "main.py"), "selftest"]
    selftest = subprocess.Popen(
        [*command, "--mongodb-uri", mongodb_uri],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert selftest.stdout is not None
    scratch = re.search(r"cronpp_selftest_\w+", selftest.stdout.readline())
    assert scratch
    until(lambda: mongodb[scratch[0]]["workers"].find_one() is not None)
    selftest.send_signal(number)
    _, told = selftest.communicate(timeout=60)
    assert told == "selftest: broken off; its database and its workers are gone.\n"
    assert selftest.returncode == 2
    assert scratch[0] not in mongodb.list_database_names()


@pytest.mark.parametrize("occurrences", [1, 60, 500, 1999, 10_000])
def test_as_many_fire_times_are_planned_as_were_asked_for(occurrences: int) -> None:
    jobs = plan(occurrences, url="http://127.0.0.1:1/", start_at=NOW)
    assert len(planned_ids(jobs)) == occurrences
    assert len(jobs) <= 201


def test_a_run_done_once_passes() -> None:
    assert found([RUN], [CALL]).passed


def test_a_repetition_passes_if_it_was_marked() -> None:
    marked = found([RUN], [CALL, replace(CALL, attempt=2, marked=True)])
    unmarked = found([RUN], [CALL, replace(CALL, attempt=2)])
    assert (len(marked.twice_marked), marked.passed) == (1, True)
    assert (len(unmarked.twice_unmarked), unmarked.passed) == (1, False)


@pytest.mark.parametrize(
    ("ledger", "calls", "why"),
    [
        ([], [], "not in the ledger, never called"),
        ([RUN], [], "SUCCESS, reason none, never called"),
        ([replace(RUN, status="FAILED")], [CALL], "FAILED, reason none, called"),
    ],
)
def test_a_run_that_is_missing_unheard_of_or_failed_is_lost_and_the_report_says_how(
    ledger: list[Ended], calls: list[Call], why: str
) -> None:
    assert list(found(ledger, calls).lost) == [f"job-1 ({why})"]
    assert not found(ledger, calls).passed


def test_a_run_whose_workers_were_killed_three_times_is_told_apart() -> None:
    given_up = found([replace(RUN, status="FAILED", reason="poison")], [CALL])
    assert (list(given_up.lost), list(given_up.given_up)) == ([], ["job-1"])
    assert given_up.passed
    assert re.search(r"given up after three kills +1\n", report(given_up, workers=3, seconds=20))


@pytest.mark.parametrize(
    ("ledger", "calls"),
    [
        ([RUN, replace(RUN, run_id="job-2")], [CALL]),
        ([RUN], [CALL, replace(CALL, key="key-2", marked=True)]),
        ([RUN], [CALL, replace(CALL, run_id="stranger", key="key-3")]),
    ],
)
def test_two_runs_of_a_fire_time_two_keys_of_a_run_and_strangers_are_doubled(
    ledger: list[Ended], calls: list[Call]
) -> None:
    assert found(ledger, calls).doubled
    assert not found(ledger, calls).passed


def test_the_report_says_what_was_broken() -> None:
    told = report(found([], [], violations=["I7: run x"]), workers=3, seconds=20)
    assert "lost: job-1" in told
    assert "broken rule: I7: run x" in told
    assert "Verdict: FAILED" in told
    endless = report(found([RUN], [CALL], calm=False), workers=3, seconds=20)
    assert "did not come to an end" in endless


def test_a_wrong_number_of_fire_times_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--occurrences", "0"])
    assert "'0' is not a whole number from 1 to 1,000,000" in capsys.readouterr().err


def test_spreading_keeps_every_fire_time_apart() -> None:
    starts = [job.next_run_time for job in plan(1000, url="http://127.0.0.1:1/", start_at=NOW)]
    assert len(set(starts)) == len(starts)
    assert max(start for start in starts if start) < NOW + timedelta(seconds=1)
