"""Fields of jobs, good and bad, through the real API.

The cases in tests/data/bad_job_inputs.json are part of a collection made for this project:
`field`, `value` and whether it is to be accepted. Their field names are generic; FIELDS says
what they are called here. Where our interface sets another limit, ours is the one tested.
"""

import json
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient, Response

from tests.api.conftest import TestClock
from tests.factories import HOOK

CASES = json.loads(Path("tests/data/bad_job_inputs.json").read_text(encoding="utf-8"))
NOW = datetime(2026, 12, 1, tzinfo=UTC)
FIELDS = {
    "cron": "schedule.cron",
    "timezone": "schedule.timezone",
    "run_at": "schedule.run_at",
    "interval_seconds": "schedule.every_seconds",
    "url": "action.url",
    "method": "action.method",
    "headers": "action.headers",
    "body": "action.body",
    "timeout_seconds": "action.timeout_seconds",
    "success_codes": "action.success_statuses",
    "retry.max_attempts": "retry.max_retries",
    "retry.base_delay_seconds": "retry.base_seconds",
    "retry.max_delay_seconds": "retry.max_seconds",
    "misfire_grace_seconds": "misfire.grace_seconds",
    "overlap_policy": "overlap",
    "misfire_policy": "misfire.policy",
}
SCHEDULES = {
    "schedule.run_at": {"kind": "once"},
    "schedule.every_seconds": {"kind": "interval"},
}
# Our limit is 3,600 seconds.
ACCEPTED_HERE = {"J251"}


@pytest.mark.parametrize("field", sorted({case["field"] for case in CASES}))
async def test_values_of_a_field_are_accepted_or_refused_by_name(
    field: str, ada: AsyncClient, clock: TestClock
) -> None:
    clock.now = NOW
    cases = [case for case in CASES if case["field"] == field]
    answers = [await _send(ada, case) for case in cases]
    surprises = [
        (case["id"], case["why"], answer.text)
        for case, (answer, blamed) in zip(cases, answers, strict=True)
        if not _as_expected(case, answer, blamed)
    ]
    assert surprises == []


def _as_expected(case: dict[str, Any], answer: Response, blamed: str) -> bool:
    if case["expect"] == "accept" or case["id"] in ACCEPTED_HERE:
        return answer.status_code in {200, 201}
    if answer.status_code != 422:
        return False
    errors = answer.json()["errors"]
    named = any(error["field"].startswith(blamed) for error in errors)
    return named and all(error["message"] for error in errors)


async def _send(client: AsyncClient, case: dict[str, Any]) -> tuple[Response, str]:
    field, value = case["field"], _value(case["value"])
    if field.startswith("*query."):
        name = field.removeprefix("*query.")
        return await client.get("/api/jobs", params={name: value}), name
    if field == "*document":
        headers = {"Content-Type": "application/json"}
        return await client.post("/api/jobs", content=value, headers=headers), "request"
    body, blamed = _job(field, value)
    return await client.post("/api/jobs", json=body), blamed


def _job(field: str, value: Any) -> tuple[dict[str, Any], str]:
    body = _base()
    match field:
        case "*schedule":
            kind = "cron" if "cron" in value else "once"
            names = {"interval_seconds": "every_seconds"}
            body["schedule"] = {"kind": kind} | {names.get(k, k): v for k, v in value.items()}
            return body, "schedule."
        case "*request":
            body["action"] |= value
            return body, "action."
        case "*extra":
            return body | value, next(iter(value))
    path = FIELDS.get(field, field)
    if path in SCHEDULES:
        body["schedule"] = dict(SCHEDULES[path])
    if field == "retry.max_attempts" and type(value) is int:
        value -= 1
    *parents, name = path.split(".")
    target = body
    for parent in parents:
        target = target.setdefault(parent, {})
    target[name] = value
    return body, path


def _base() -> dict[str, Any]:
    return deepcopy(
        {
            "name": "A job",
            "schedule": {"kind": "cron", "cron": "0 * * * *"},
            "action": {
                "kind": "http",
                "method": "POST",
                "url": HOOK,
                "headers": {"Content-Type": "application/json"},
            },
        }
    )


def _value(value: Any) -> Any:
    match value:
        case {"__repeat__": [text, count]}:
            return text * count
        case {"__count__": [item, count]}:
            return [item] * count
        case {"__depth__": depth}:
            return "[" * depth + "]" * depth
        case {"__raw_text__": text}:
            return text
        case list():
            return [_value(item) for item in value]
    return value
