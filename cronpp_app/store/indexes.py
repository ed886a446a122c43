"""Every index, with the query it serves. Made at start; making one that exists costs nothing."""

from pymongo import ASCENDING as UP
from pymongo import DESCENDING as DOWN
from pymongo import IndexModel

from cronpp_app.store.database import Database
from cronpp_app.store.documents import LONG_AGO

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


async def ensure_indexes(database: Database) -> None:
    """Create what is missing."""
    await database.users.create_indexes(USERS)
    await database.sessions.create_indexes(SESSIONS)
    await database.api_tokens.create_indexes(API_TOKENS)
    await database.jobs.create_indexes(JOBS)
    await database.runs.create_indexes(RUNS)
    await database.logs.create_indexes(LOGS)
    await database.workers.create_indexes(WORKERS)
    await database.raw["throttles"].create_indexes(THROTTLES)
    await database.raw["secrets"].create_indexes(SECRETS)
    await database.raw["deleted_jobs"].create_indexes(DELETED_JOBS)
    await database.raw["departures"].create_indexes(DEPARTURES)
    await database.raw["idempotency_keys"].create_indexes(IDEMPOTENCY)
    await database.raw["audit_log"].create_indexes(AUDIT)
