"""Whatever is sent for a job, it is accepted or refused; nothing else ever happens."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cronpp_app.domain.jobs import JobDefinition
from cronpp_app.errors import FieldError, InvalidInput
from cronpp_app.services.drafts import definition_fields, job_fields, parse_changes, parse_job
from cronpp_app.store.documents import job_document
from cronpp_app.store.job_documents import job_from
from tests.factories import HOOK, NOON, job_body, make_job

BASES: list[dict[str, Any]] = [
    job_body(
        schedule={"kind": "cron", "cron": "0 0 * * *", "timezone": "UTC", "end_at": None},
        action={
            "kind": "http",
            "method": "POST",
            "url": HOOK,
            "headers": {"Content-Type": "application/json"},
            "body": "{}",
            "success_statuses": ["200-299"],
        },
        retry={"max_retries": 3, "base_seconds": 5},
        misfire={"policy": "all"},
        tags=["a"],
    ),
    job_body(schedule={"kind": "once", "run_at": "2027-01-01T00:00:00Z"}),
    job_body(
        schedule={"kind": "interval", "every_seconds": 5},
        action={"kind": "log", "message": "hello"},
    ),
]
TEXTS = st.text(max_size=12) | st.sampled_from(
    [
        *("", " ", "*/0 * * * *", "L", "2027-02-30T00:00:00Z", "9999-12-31T23:59:59-23:59"),
        *("http://[::1", "https://a:99999/", "Europe/Berlin", "cron", "••••", "\x00", "$gt"),
        *("@daily", "\u202e"),
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = value.items() if isinstance(value, dict) else ()
    return [path, *(found for k, v in children for found in _paths(v, (*path, k)))]


@st.composite
def bodies(draw: st.DrawFn) -> Any:
    body: Any = deepcopy(draw(st.sampled_from(BASES)))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(_paths(body)))
        if not path:
            continue
        target = body
        for step in path[:-1]:
            target = target[step]
        key = draw(st.sampled_from([path[-1], path[-1], "extra"]))
        target[key] = draw(VALUES)
    return body


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(bodies())
def test_a_job_is_accepted_or_refused_with_fields_and_sentences(body: Any) -> None:
    definition, errors = _outcome(lambda: parse_job(body, now=NOON))
    if definition is None:
        assert errors
        assert all(problem.field and problem.message for problem in errors)
        return
    job = make_job(definition=definition)
    assert json.dumps(job_fields(job), allow_nan=False)
    assert job_from(job_document(job)) == job
    assert parse_changes(job, definition_fields(definition), now=NOON) == definition


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(bodies() | VALUES)
def test_a_change_is_accepted_or_refused(changes: Any) -> None:
    definition, errors = _outcome(lambda: parse_changes(make_job(), changes, now=NOON))
    assert (definition is None) == bool(errors)


def _outcome(
    parse: Callable[[], JobDefinition],
) -> tuple[JobDefinition | None, tuple[FieldError, ...]]:
    try:
        return parse(), ()
    except InvalidInput as error:
        return None, error.errors
