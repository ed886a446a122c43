"""What a new job starts with."""

from typing import Any, Final

_DEFAULTS: Final[dict[str, Any]] = {
    "name": "",
    "description": "",
    "tags": [],
    "action": {"kind": "http", "method": "GET", "url": ""},
    "retry": {
        "max_retries": 3,
        "backoff": "exponential",
        "base_seconds": 10,
        "max_seconds": 3_600,
        "jitter": True,
    },
    "overlap": "skip",
    "misfire": {
        "policy": "latest",
        "grace_seconds": 60,
        "max_age_seconds": 86_400,
        "max_runs": 100,
    },
}


def new_job_values(timezone: str) -> dict[str, Any]:
    """Return the defaults of the public interface, and a schedule in `timezone` to look at."""
    schedule = {"kind": "cron", "cron": "0 9 * * 1-5", "timezone": timezone}
    return _DEFAULTS | {"schedule": schedule}
