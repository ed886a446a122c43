"""What a run's page says and draws, without a page: values in, words and numbers out."""

import shlex
from datetime import date
from typing import Any

import pytest

from components.comparison import compared, lines_of
from components.curl_text import curl_text
from components.explanations import explain
from components.run_story import bars_of
from components.why_not import why_not
from components.year_map import Day, drawing
from cronpp_app.domain.attempts import ErrorKind


def failed(kind: str, status: int | None = None) -> dict[str, Any]:
    return {"error": {"kind": kind}, "response": {"status": status} if status else None}


@pytest.mark.parametrize("kind", [kind for kind in ErrorKind if kind is not ErrorKind.STATUS])
def test_every_kind_of_error_is_explained_in_words_of_its_own(kind: ErrorKind) -> None:
    own = explain(failed(kind))
    assert own.means
    assert own.try_this
    others = {explain(failed(other)).means for other in ErrorKind if other is not kind}
    assert own.means not in others


@pytest.mark.parametrize(
    ("status", "part"),
    [
        (404, "nothing at this address"),
        (410, "the job was paused"),
        (418, "refuses the request as it is"),
        (503, "cannot serve now"),
        (599, "through no fault of the request"),
        (204, "does not count as success"),
        (307, "does not follow"),
    ],
)
def test_statuses_are_explained_one_by_one_or_by_their_class(status: int, part: str) -> None:
    assert part in explain(failed("status", status)).means


@pytest.mark.parametrize(
    ("reason", "title"),
    [
        ("The job was paused.", "The job was paused"),
        ("The job was deleted before a worker noticed this time.", "Its job was deleted"),
        ("Run r1 of this job was not finished; the overlap policy is skip.", "still going"),
        ("Noticed more than 60 s late; the misfire policy is skip.", "noticed too late"),
        ("Noticed more than 60 s late; the misfire policy is latest, and …", "A later time"),
        ("12 fire times … too old, or more than 100, to be caught up.", "too old"),
        ("Cancelled by hand.", "Somebody cancelled it"),
        ("poison", "three workers"),
        ("Something nobody has thought of", "It did not run"),
    ],
)
def test_why_a_run_did_not_happen_is_told_in_plain_words(reason: str, title: str) -> None:
    assert title in why_not(reason).title


def test_a_request_becomes_a_curl_command_that_a_shell_reads_as_it_was() -> None:
    body = """{"it's": "$HOME `x` \\"q\\""}"""
    request = {
        "method": "POST",
        "url": "https://example.org/a?b=1&c='2'",
        "headers": {"X-One": "it's; rm -rf /", "X-Empty": ""},
        "body": body,
    }
    words = shlex.split(curl_text(request).replace("\\\n", ""))
    assert words == [
        *("curl", "--include", "--request", "POST", "https://example.org/a?b=1&c='2'"),
        *("--header", "X-One: it's; rm -rf /", "--header", "X-Empty;"),
        *("--data-raw", body),
    ]


def test_the_first_difference_is_found_and_what_always_differs_is_left_out() -> None:
    def answer(status: int, body: str, **headers: str) -> dict[str, Any]:
        return {"status": status, "headers": headers, "body": body}

    bad = lines_of(answer(503, '{"error": "busy"}', Date="Mon", Server="nginx"))
    good = lines_of(answer(200, '{"ok": true}', Date="Tue", Server="nginx"))
    rows = compared(bad, good)
    assert rows[0] == ("503", "200", True)
    assert ("Server: nginx", "Server: nginx", False) in rows
    assert not any("Date" in (left or "") for left, _, _ in rows)
    assert ('  "error": "busy"', '  "ok": true', True) in rows
    assert compared([], lines_of(answer(200, ""))) == [(None, "200", True)]


def test_a_run_on_its_axis_is_late_then_tries_and_waits() -> None:
    def attempt(number: int, started: str, finished: str | None, took: int | None) -> Any:
        status = "FAILED" if finished else "RUNNING"
        return {
            "number": number,
            "status": status,
            "started_at": f"2026-12-01T12:00:{started}Z",
            "finished_at": f"2026-12-01T12:00:{finished}Z" if finished else None,
            "duration_ms": took,
        }

    run = {
        "fire_time": "2026-12-01T12:00:00.000Z",
        "next_attempt_at": "2026-12-01T12:00:40.000Z",
        "attempts": [attempt(1, "10.000", "12.000", 2_000), attempt(2, "20.000", "22.000", 2_000)],
    }
    bars, length = bars_of(run, now_ms=0)
    assert length == 40_000
    assert [(bar.tone, round(bar.left, 6), round(bar.width, 6)) for bar in bars] == [
        ("late", 0, 25),
        ("bad", 25, 5),
        ("wait", 30, 20),
        ("bad", 50, 5),
        ("wait", 55, 45),
    ]
    assert bars[0].words == "Late by 10.0 s"
    assert bars_of({**run, "attempts": []}, now_ms=0)[0] == []


def test_the_year_has_a_cell_for_every_day_and_tells_what_failed() -> None:
    today = date(2026, 11, 24)
    days = [
        Day(day=today, runs=3, failed=1),
        Day(day=date(2026, 11, 20), runs=1, failed=0),
        Day(day=date(2026, 11, 19), runs=100, failed=0),
    ]
    drawn = drawing(days, today=today)
    assert drawn.count("<rect") == 52 * 7 + 2  # a Tuesday
    assert 'cx-day-bad" data-day="2026-11-24"' in drawn
    assert "24 Nov 2026: 3 runs, 1 failed" in drawn
    assert 'cx-day-1" data-day="2026-11-20"' in drawn
    assert 'cx-day-4" data-day="2026-11-19"' in drawn
    assert drawn.count("data-day") == 3
