"""Every index, with the query it serves. Made at start; making one that exists costs nothing."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import bson
from pymongo import ASCENDING as UP
from pymongo import DESCENDING as DOWN
from pymongo import IndexModel

from cronpp_app.store.database import Database
from cronpp_app.store.documents import LONG_AGO
from cronpp_app.store.notices import make_room_for_notices

_IS_DATE = {"$type": "date"}

USERS = [
    IndexModel([("email", UP)], name="email", unique=True),
    # One first account, the admin's, however many sign up at the same moment.
    IndexModel(
        [("founder", UP)],
        name="founder",
        unique=True,
        partialFilterExpression={"founder": True},
    ),
    # Who takes over when an administrator leaves. Holds administrators only.
    IndexModel([("role", UP)], name="admins", partialFilterExpression={"role": "admin"}),
    # Accounts disabled or enabled just now, whose jobs are to follow. Hardly any.
    IndexModel(
        [("unsettled_since", UP)],
        name="unsettled",
        partialFilterExpression={"unsettled_since": _IS_DATE},
    ),
]

SESSIONS = [
    # What a person sees of them, the newest first.
    IndexModel([("user_id", UP), ("created_at", DOWN), ("_id", DOWN)], name="newest_of_user"),
    IndexModel([("expires_at", UP)], name="expired", expireAfterSeconds=0),
]

API_TOKENS = [
    IndexModel([("hash", UP)], name="hash", unique=True),
    IndexModel([("user_id", UP), ("_id", DOWN)], name="tokens_of_user"),
    # One that has ended stays in sight for a month, so that its owner can see why it stopped.
    IndexModel([("expires_at", UP)], name="expired", expireAfterSeconds=30 * 86_400),
]

JOBS = [
    # Firing: due jobs, soonest first. Jobs without a next run are not in it at all. The user is
    # in it, so that a choice among users reads no jobs.
    IndexModel(
        [("next_run_time", UP), ("_id", UP), ("user_id", UP)],
        name="due",
        partialFilterExpression={"next_run_time": _IS_DATE},
    ),
    # Lists: one per sort order; `_id` makes the order total, so that a cursor can resume it.
    IndexModel([("user_id", UP), ("next_sort", UP), ("_id", UP)], name="by_next_run"),
    IndexModel([("user_id", UP), ("name_sort", UP), ("_id", UP)], name="by_name"),
    IndexModel([("user_id", UP), ("last_sort", UP), ("_id", UP)], name="by_last_run"),
    IndexModel([("user_id", UP), ("created_at", UP), ("_id", UP)], name="by_creation"),
    # Counting by status (covered), and lists of one status.
    IndexModel([("user_id", UP), ("status", UP), ("next_sort", UP), ("_id", UP)], name="by_status"),
    # What needs attention, the worst first. Holds failing jobs only, so success costs nothing.
    IndexModel(
        [("user_id", UP), ("enabled", UP), ("consecutive_failures", DOWN), ("_id", UP)],
        name="failing",
        partialFilterExpression={"consecutive_failures": {"$gt": 0}},
    ),
    # What Cron++ paused by itself (its target was gone, its document damaged): hardly any.
    IndexModel(
        [("user_id", UP), ("_id", UP)],
        name="stopped",
        partialFilterExpression={"paused_reason": {"$type": "string"}},
    ),
    IndexModel([("user_id", UP), ("words", UP)], name="search"),
    IndexModel([("user_id", UP), ("tags", UP)], name="by_tag"),
    # Which jobs refer to a secret. Holds those that refer to any, which few do.
    IndexModel(
        [("user_id", UP), ("secret_names", UP)],
        name="by_secret",
        partialFilterExpression={"secret_names": {"$type": "string"}},
    ),
]

RUNS = [
    # Claiming and reaping: the one queue, oldest first. The user is in it, so that a choice
    # among users reads no runs.
    IndexModel(
        [("wake_at", UP), ("_id", UP), ("user_id", UP)],
        name="wake",
        partialFilterExpression={"wake_at": _IS_DATE},
    ),
    # Overlap: one unfinished run of a job at a time, and one waiting for it, across all workers.
    IndexModel(
        [("seat", UP)],
        name="seat",
        unique=True,
        partialFilterExpression={"seat": {"$type": "string"}},
    ),
    IndexModel(
        [("queued", UP)],
        name="queued",
        unique=True,
        partialFilterExpression={"queued": {"$type": "string"}},
    ),
    IndexModel([("job_id", UP), ("fire_time", DOWN), ("_id", DOWN)], name="runs_of_job"),
    IndexModel([("user_id", UP), ("fire_time", DOWN), ("_id", DOWN)], name="runs_of_user"),
    # Statistics, covered: how runs ended, and how late they began. One entry per finished run.
    IndexModel(
        [("user_id", UP), ("finished_at", DOWN), ("status", UP), ("lateness_ms", UP)],
        name="results",
        partialFilterExpression={"finished_at": {"$gt": LONG_AGO}},
    ),
    # Lists of what did not go well, which a ledger of successes would hide.
    *[
        IndexModel(
            [("user_id", UP), ("fire_time", DOWN), ("_id", DOWN)],
            name=f"only_{status.lower()}",
            partialFilterExpression={"status": status},
        )
        for status in ("FAILED", "SKIPPED", "MISSED", "CANCELLED")
    ],
    # Runs made by hand, few among many of a schedule.
    *[
        IndexModel(
            [("user_id", UP), ("fire_time", DOWN), ("_id", DOWN)],
            name=f"only_{trigger}",
            partialFilterExpression={"trigger": trigger},
        )
        for trigger in ("manual", "replay")
    ],
    # What did not go well in one job, for its ledger; its failures by day are counted in it.
    *[
        IndexModel(
            [("user_id", UP), ("job_id", UP), ("status", UP), ("fire_time", DOWN), ("_id", DOWN)],
            name=f"{status.lower()}_of_job",
            partialFilterExpression={"status": status},
        )
        for status in ("FAILED", "SKIPPED", "MISSED", "CANCELLED")
    ],
    IndexModel([("expire_at", UP)], name="expired", expireAfterSeconds=0),
]

LOGS = [IndexModel([("expire_at", UP)], name="expired", expireAfterSeconds=0)]

IDEMPOTENCY = [
    IndexModel([("expires_at", UP)], name="expired", expireAfterSeconds=0),
    # To be deleted with their owner's account.
    IndexModel([("user_id", UP)], name="keys_of_user"),
]

SECRETS = [IndexModel([("user_id", UP), ("name", UP)], name="secrets_of_user", unique=True)]

DELETED_JOBS = [
    IndexModel([("forget_at", UP)], name="forgotten", expireAfterSeconds=0),
    # To be deleted with their owner's account.
    IndexModel([("user_id", UP)], name="deleted_jobs_of_user"),
]

JOB_VERSIONS = [
    # The earlier versions of a job, the newest first; all of a job's, all of a person's.
    IndexModel([("user_id", UP), ("job_id", UP), ("version", DOWN)], name="versions_of_job"),
    # Those of deleted jobs.
    IndexModel([("forget_at", UP)], name="forgotten", expireAfterSeconds=0),
]

# Those that may be left to finish, the oldest first.
DEPARTURES = [IndexModel([("began_at", UP)], name="by_begin")]

WORKERS = [IndexModel([("seen_at", UP)], name="gone", expireAfterSeconds=3600)]


THROTTLES = [IndexModel([("expire_at", UP)], name="expired", expireAfterSeconds=0)]


# By whom and of whom, and of one action; the newest first in each.
AUDIT = [
    IndexModel([("at", DOWN), ("_id", DOWN)], name="newest"),
    IndexModel([("people", UP), ("at", DOWN), ("_id", DOWN)], name="of_person"),
    IndexModel([("action", UP), ("at", DOWN), ("_id", DOWN)], name="of_action"),
    IndexModel(
        [("people", UP), ("action", UP), ("at", DOWN), ("_id", DOWN)], name="of_person_and_action"
    ),
    IndexModel([("expire_at", UP)], name="expired", expireAfterSeconds=0),
]


INDEXES: Final[Mapping[str, list[IndexModel]]] = MappingProxyType(
    {
        "users": USERS,
        "sessions": SESSIONS,
        "api_tokens": API_TOKENS,
        "jobs": JOBS,
        "runs": RUNS,
        "execution_logs": LOGS,
        "workers": WORKERS,
        "throttles": THROTTLES,
        "secrets": SECRETS,
        "deleted_jobs": DELETED_JOBS,
        "job_versions": JOB_VERSIONS,
        "departures": DEPARTURES,
        "idempotency_keys": IDEMPOTENCY,
        "audit_log": AUDIT,
    }
)
# Names of before, whose indexes serve no query any more. Others may be the operator's own.
_RETIRED: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {"jobs": frozenset({"due_jobs"}), "runs": frozenset({"wake_of_users"})}
)
_OPTIONS: Final = ("unique", "partialFilterExpression", "expireAfterSeconds")


async def ensure_indexes(database: Database) -> None:
    """Create what is missing, the list that workers wait at included."""
    await make_room_for_notices(database)
    for name, models in INDEXES.items():
        await database.raw[name].create_indexes(models)


async def replace_outdated_indexes(database: Database) -> None:
    """Drop indexes that are retired, and make those anew that differ from the one meant.

    MongoDB refuses an index whose name is taken by another, so without this the start of a
    newer Cron++ would fail. Can be repeated after it was interrupted.
    """
    for name, models in INDEXES.items():
        collection = database.raw[name]
        there = await collection.index_information()
        meant = {model.document["name"]: model.document for model in models}
        for index, found in there.items():
            is_ours = index in meant and _is_as_meant(found, meant[index])
            is_foreign = index not in meant and index not in _RETIRED.get(name, ())
            if not (is_ours or is_foreign):
                await collection.drop_index(index)
        await collection.create_indexes(models)


def _is_as_meant(found: Mapping[str, Any], meant: Mapping[str, Any]) -> bool:
    same_key = [*found["key"]] == [*meant["key"].items()]
    return same_key and _options_of(found) == _options_of(meant)


def _options_of(index: Mapping[str, Any]) -> bytes:
    # As BSON, because the driver reads moments of an index without their zone.
    return bson.encode({option: index.get(option) for option in _OPTIONS})
