from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cronpp_app.domain.jobs import HttpAction, LogAction
from cronpp_app.domain.schedules import CronSchedule, IntervalSchedule, OnceSchedule
from cronpp_app.errors import InvalidInput
from cronpp_app.services.drafts import (
    definition_fields,
    job_fields,
    parse_changes,
    parse_job,
    parse_schedule,
)
from tests.factories import HOOK, NOON, job_body, job_definition, make_job


def _fields(data: object) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        parse_job(data, now=NOON)
    return [error.field for error in caught.value.errors]


def _action(**changes: Any) -> dict[str, Any]:
    return {"kind": "http", "method": "POST", "url": HOOK} | changes


@pytest.mark.parametrize(
    "definition",
    [
        job_definition(),
        job_definition(action=LogAction(message="hello\nworld"), tags=("a", "b")),
        job_definition(
            schedule=OnceSchedule(run_at=NOON + timedelta(days=1), timezone="Asia/Tokyo")
        ),
        job_definition(schedule=IntervalSchedule(every=timedelta(seconds=7), start_at=NOON)),
        job_definition(
            schedule=CronSchedule(
                cron="*/10 * * * * *",
                timezone="Europe/Berlin",
                start_at=NOON,
                end_at=NOON + timedelta(days=3),
                jitter_seconds=30,
            )
        ),
        job_definition(
            action=HttpAction(
                method="PUT",
                url=HOOK,
                headers={"Accept": "text/plain"},
                body="text",
                timeout=timedelta(seconds=5),
            )
        ),
    ],
)
def test_a_definition_shown_as_json_and_read_again_is_the_same(definition: Any) -> None:
    assert parse_job(definition_fields(definition), now=NOON) == definition


def test_a_job_shown_and_sent_back_whole_is_refused_for_what_cannot_be_set() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_changes(make_job(), job_fields(make_job()), now=NOON)
    messages = {error.field: error.message for error in caught.value.errors}
    assert messages["status"] == "Cannot be set."
    assert messages["version"] == "Cannot be set."


@pytest.mark.parametrize("data", [None, [], "text", 5, True])
def test_what_is_no_object_is_refused(data: object) -> None:
    assert _fields(data) == ["request"]


@pytest.mark.parametrize(
    ("action", "field"),
    [
        (_action(url="ftp://example.org/"), "action.url"),
        (_action(url="https://user:pass@example.org/"), "action.url"),
        (_action(url="https://example.org/" + "x" * 2_048), "action.url"),
        (_action(url="https://exam\u202eple.org/"), "action.url"),
        (_action(method="post"), "action.method"),
        (_action(headers={"Host": "x"}), "action.headers.Host"),
        (_action(headers={"user-agent": "x"}), "action.headers.user-agent"),
        (_action(headers={"X-Cronpp-Run-Id": "x"}), "action.headers.X-Cronpp-Run-Id"),
        (_action(headers={"Idempotency-Key": "x"}), "action.headers.Idempotency-Key"),
        (_action(headers={"X": 5}), "action.headers.X"),
        (_action(headers={"X": "é"}), "action.headers.X"),
        (_action(headers={"X": "x" * 8_193}), "action.headers.X"),
        (_action(headers={f"X{n}": "x" * 4_000 for n in range(5)}), "action.headers"),
        (_action(headers={f"X{n}": "" for n in range(51)}), "action.headers"),
        (_action(headers={"X-A": "1", "x-a": "2"}), "action.headers"),
        (_action(body="x" * (256 * 1024 + 1)), "action.body"),
        (_action(body="é" * (128 * 1024 + 1)), "action.body"),
        (_action(body={"full": True}), "action.body"),
        (_action(success_statuses=[]), "action.success_statuses"),
        (_action(success_statuses=["299-200"]), "action.success_statuses.0"),
        (_action(success_statuses=[True]), "action.success_statuses.0"),
        (_action(follow_redirects="no"), "action.follow_redirects"),
        (_action(retries=3), "action.retries"),
        ({"kind": "log", "message": ""}, "action.message"),
        ({"kind": "log", "message": "x", "url": HOOK}, "action.url"),
        ({"kind": "shell", "command": "rm"}, "action.kind"),
    ],
)
def test_a_wrong_action_is_refused_by_field(action: dict[str, Any], field: str) -> None:
    assert _fields(job_body(action=action)) == [field]


@pytest.mark.parametrize(
    ("content_type", "accepted"),
    [
        ("application/json", False),
        ("Application/JSON; charset=utf-8", False),
        ("application/vnd.api+json", False),
        ("text/plain", True),
        ("application/jsonlines", True),
    ],
)
def test_a_body_must_be_json_only_where_its_type_says_so(content_type: str, accepted: bool) -> None:
    action = _action(headers={"content-type": content_type}, body="{not json}")
    if accepted:
        assert parse_job(job_body(action=action), now=NOON)
    else:
        assert _fields(job_body(action=action)) == ["action.body"]


def test_a_body_is_kept_byte_for_byte() -> None:
    body = '{ "a" : 1.10,\r\n "b":"\\u00e9é" }  '
    action = _action(headers={"Content-Type": "application/json"}, body=body)
    definition = parse_job(job_body(action=action), now=NOON)
    assert isinstance(definition.action, HttpAction)
    assert definition.action.body == body


@pytest.mark.parametrize(
    ("run_at", "accepted"),
    [
        ("2026-12-01T12:00:00Z", False),
        ("2026-12-01T12:00:00.001Z", True),
        ("2031-12-01T12:00:00Z", True),
        ("2031-12-01T12:00:00.001Z", False),
        ("2026-12-01t13:00:00z", True),
        ("2026-12-01T14:00:00+02:30", False),
        ("2027-02-29T00:00:00Z", False),
        ("2027-01-01T24:00:00Z", False),
        ("2027-01-01", False),
        ("2027-01-01T00:00Z", False),
        ("２０２７-01-01T00:00:00Z", False),
    ],
)
def test_a_one_off_time_lies_in_the_next_five_years(run_at: str, accepted: bool) -> None:
    body = job_body(schedule={"kind": "once", "run_at": run_at})
    if accepted:
        assert parse_job(body, now=NOON)
    else:
        assert _fields(body) == ["schedule.run_at"]


def test_five_years_from_a_leap_day_end_the_day_before() -> None:
    leap_day = datetime(2028, 2, 29, tzinfo=UTC)
    body = job_body(schedule={"kind": "once", "run_at": "2033-02-28T00:00:00Z"})
    assert parse_job(body, now=leap_day)


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("2027-03-28T02:30:00", "2027-03-28T01:30:00+00:00"),  # does not exist: after the gap
        ("2027-10-31T02:30:00", "2027-10-31T00:30:00+00:00"),  # exists twice: the first
    ],
)
def test_local_times_at_clock_changes_have_one_meaning(local: str, utc: str) -> None:
    schedule = parse_schedule(
        {"kind": "once", "run_at": local, "timezone": "Europe/Berlin"}, now=NOON
    )
    assert isinstance(schedule, OnceSchedule)
    assert schedule.run_at == datetime.fromisoformat(utc)


@pytest.mark.parametrize(
    ("schedule", "field"),
    [
        ({"kind": "cron", "cron": "0 0 30 2 *"}, "schedule.cron"),
        (
            {"kind": "cron", "cron": "0 * * * *", "end_at": "2026-12-01T12:30:00Z"},
            "schedule.cron",
        ),
        (
            {"kind": "cron", "cron": "0 * * * *", "end_at": "2026-12-01T11:00:00Z"},
            "schedule.end_at",
        ),
        (
            {"kind": "interval", "every_seconds": 60, "end_at": "2026-12-01T11:00:00Z"},
            "schedule.end_at",
        ),
        ({"kind": "cron", "cron": "0 * * * *", "jitter_seconds": -1}, "schedule.jitter_seconds"),
        ({"kind": "interval", "every_seconds": 60.0}, "schedule.every_seconds"),
        ({"kind": "interval", "every_seconds": 31_536_001}, "schedule.every_seconds"),
        ({"kind": "interval"}, "schedule.every_seconds"),
        ({"kind": "once", "run_at": "2027-01-01T00:00:00", "timezone": "X"}, "schedule.timezone"),
    ],
)
def test_a_wrong_schedule_is_refused_by_field(schedule: dict[str, Any], field: str) -> None:
    assert field in _fields(job_body(schedule=schedule))


@pytest.mark.parametrize(
    "given",
    [
        {f"field{number}": 1 for number in range(5_000)},
        {"tags": [1] * 5_000},
        {"action": _action() | {f"field{number}": 1 for number in range(5_000)}},
    ],
    ids=["fields", "tags", "fields of the action"],
)
def test_of_thousands_of_problems_only_the_number_is_told(given: dict[str, Any]) -> None:
    """To word a hundred thousand of them, which fit into 1 MiB, took five seconds."""
    with pytest.raises(InvalidInput) as caught:
        parse_job(job_body(**given), now=NOON)
    assert str(caught.value) == "request: Has 5,000 problems, too many to name."


def test_headers_that_are_too_many_are_not_looked_at_one_by_one() -> None:
    many = {f"no header {number}": "\0" for number in range(60)}
    assert _fields(job_body(action=_action(headers=many))) == ["action.headers"]


def test_tags_given_twice_are_kept_once_in_order() -> None:
    assert parse_job(job_body(tags=["b", "a", "b"]), now=NOON).tags == ("b", "a")


@pytest.mark.parametrize("tag", ["two words", "a/b", "", "t" * 51, "line\nbreak", 5])
def test_a_wrong_tag_is_refused_by_its_place(tag: Any) -> None:
    assert _fields(job_body(tags=["fine", tag])) == ["tags.1"]


def test_names_lose_their_outer_spaces_only() -> None:
    assert parse_job(job_body(name="  Nightly  export "), now=NOON).name == "Nightly  export"
    assert _fields(job_body(name="   ")) == ["name"]


def test_an_interval_keeps_its_grid_when_something_else_changes() -> None:
    grid = IntervalSchedule(every=timedelta(seconds=60), start_at=NOON - timedelta(days=9))
    job = make_job(schedule=grid)
    assert parse_changes(job, {"name": "new"}, now=NOON).schedule == grid
    slower = parse_changes(job, {"schedule": {"every_seconds": 90}}, now=NOON).schedule
    assert slower == IntervalSchedule(every=timedelta(seconds=90), start_at=grid.start_at)


def test_an_optional_part_of_a_schedule_can_be_taken_out_again() -> None:
    job = make_job(schedule=CronSchedule(cron="0 * * * *", end_at=NOON + timedelta(days=1)))
    changed = parse_changes(job, {"schedule": {"end_at": None}}, now=NOON).schedule
    assert changed == CronSchedule(cron="0 * * * *")


def test_changes_are_checked_against_what_stays() -> None:
    job = make_job(action=HttpAction(method="POST", url=HOOK, body="{}"))
    with pytest.raises(InvalidInput) as caught:
        parse_changes(job, {"action": {"method": "GET"}}, now=NOON)
    assert [error.field for error in caught.value.errors] == ["action.body"]
