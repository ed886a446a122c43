"""Examples of answers, made from their schemas, so that no answer goes without one."""

from collections.abc import Mapping
from typing import Any, Final

from cronpp_app.api.documented import JOB_EXAMPLE

Schema = Mapping[str, Any]

# What stands under a name, wherever it stands; anything else is made from its type.
_NAMED: Final[dict[str, Any]] = {
    "id": "6b0432b19d40bab965fb1df6",
    "job_id": "6b0432b19d40bab965fb1df6",
    "ids": ["6b0432b19d40bab965fb1df6"],
    "name": JOB_EXAMPLE["name"],
    "job_name": JOB_EXAMPLE["name"],
    "description": "Every day at 02:30",
    "tags": JOB_EXAMPLE["tags"],
    "schedule": JOB_EXAMPLE["schedule"] | {"start_at": None, "end_at": None, "jitter_seconds": 0},
    "action": JOB_EXAMPLE["action"]
    | {"timeout_seconds": 30, "success_statuses": ["200-299"], "follow_redirects": False},
    "email": "ada@example.org",
    "timezone": "Europe/Berlin",
    "url": "https://example.org/hook",
    "method": "POST",
    "headers": {"Content-Type": "application/json"},
    "body": '{"full": true}',
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "address": "198.51.100.7",
    "actor": "ada@example.org",
    "user_id": "6b0432b19d40bab965fb1df6",
    "actor_id": "6b0432b19d40bab965fb1df6",
    "via": "token",
    "target": {"kind": "job", "id": "6b0432b19d40bab965fb1df6", "name": JOB_EXAMPLE["name"]},
    "changes": [{"field": "name", "before": "Export", "after": JOB_EXAMPLE["name"]}],
    "worker": "web-1-4711-0f3a",
    "ending": "x9Qk",
    "notes": ["2027-03-28 02:30 does not exist in Europe/Berlin; it fires at 03:00."],
    "counts": {"PENDING": 12, "PAUSED": 1},
    "by_status": {"SUCCESS": 8_757, "FAILED": 3},
    "size_bytes": 182,
    "duration_ms": 182,
    "lateness_ms": 4,
    "max_age_seconds": 86_400,
    "grace_seconds": 60,
    "max_runs": 100,
    "max_retries": 3,
    "base_seconds": 10,
    "max_seconds": 3_600,
}
# Said of an error only; the examples are of what went well.
_ABSENT: Final = frozenset(
    {"error", "errors", "reason", "paused_reason", "stale_note", "next_cursor", "next_attempt_at"}
)
_MOMENT, _TEXT = "2026-12-01T01:30:00.000Z", "…"


def add_examples(document: dict[str, Any]) -> None:
    """Put an example into every JSON answer of an OpenAPI `document` that has none."""
    schemas = document["components"]["schemas"]
    for operations in document["paths"].values():
        for operation in operations.values():
            for answer in operation["responses"].values():
                content = answer.get("content", {}).get("application/json")
                if content and content.get("schema"):
                    content.setdefault("example", example_of(content["schema"], schemas))


def example_of(schema: Schema, schemas: Mapping[str, Schema], *, name: str = "") -> Any:
    """Return a value that fits `schema`, whose references are to `schemas`."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rsplit("/", 1)[1]]
    choices = schema.get("anyOf", [])
    if name in _ABSENT and {"type": "null"} in choices:
        return None
    if name in _NAMED and _NAMED[name] in schema.get("enum", (_NAMED[name],)):
        return _NAMED[name]
    for given in ("const", "default"):
        if given in schema:
            return schema[given]
    for several in ("examples", "enum"):
        if several in schema:
            return schema[several][0]
    return example_of(choices[0], schemas, name=name) if choices else _by_type(schema, schemas)


def _by_type(schema: Schema, schemas: Mapping[str, Schema]) -> Any:
    match schema.get("type"):
        case "object":
            fields = schema.get("properties", {})
            return {key: example_of(field, schemas, name=key) for key, field in fields.items()}
        case "array":
            return [example_of(schema["items"], schemas)]
        case "string":
            return _MOMENT if schema.get("format") == "date-time" else _TEXT
        case "boolean":
            return True
        case _:
            return 1
