"""Many jobs, runs, tokens, secrets and sessions of two people, for queries to be measured on."""

from datetime import timedelta
from typing import Any

from cronpp_app.domain.jobs import JobStatus
from cronpp_app.store.database import Database
from cronpp_app.store.documents import job_document
from cronpp_app.store.run_documents import run_document
from tests.factories import NOON, make_job, make_run

JOBS, RUNS = 1_500, 3_000
ADA, BOB = "ada", "bob"
HOUR = timedelta(hours=1)


async def filled(database: Database) -> Database:
    """Return the database, with many people's jobs and runs in it."""
    await database.jobs.insert_many([_job(n) for n in range(JOBS)])
    await database.runs.insert_many([_run(n) for n in range(RUNS)])
    await database.api_tokens.insert_many([_token(n) for n in range(JOBS)])
    await database.raw["secrets"].insert_many([_secret(n) for n in range(JOBS)])
    await database.sessions.insert_many([_session(n) for n in range(JOBS)])
    return database


def _session(n: int) -> dict[str, Any]:
    times = {"created_at": NOON - HOUR * (n // 9), "seen_at": NOON, "expires_at": NOON + HOUR}
    return {"_id": f"session-{n:06}", "user_id": BOB if n % 3 else ADA, "epoch": 2, **times}


def _secret(n: int) -> dict[str, Any]:
    times = {"created_at": NOON, "updated_at": NOON}
    return {"_id": f"{n}", "user_id": ADA, "name": f"S_{n:06}", "shown": "••••", **times}


def _job(n: int) -> dict[str, Any]:
    status = JobStatus.PAUSED if n % 100 == 0 else JobStatus.PENDING
    job = make_job(
        id=f"job-{n:06}",
        user_id=BOB if n % 3 == 0 else ADA,
        name=f"Export {n % 50}",
        tags=("rare",) if n % 400 == 1 else ("billing",),
        status=status,
        enabled=status is JobStatus.PENDING,
        created_at=NOON + timedelta(seconds=n % 7),
        next_run_time=None if status is JobStatus.PAUSED else NOON + HOUR * (n % 24),
    )
    more = {"secret_names": ["S_000001"]} if n % 100 == 1 else {}
    return {**job_document(job), "consecutive_failures": n % 10 if n % 5 == 0 else 0, **more}


def _run(n: int) -> dict[str, Any]:
    job = make_job(id=f"job-{n % 90:06}", user_id=BOB if n % 3 == 0 else ADA)
    fire_time = NOON - timedelta(minutes=n // 3)
    run = make_run(job, id=f"run-{n:06}", fire_time=fire_time)
    if n < 6:
        return dict(run_document(run))
    ended: dict[str, Any] = dict(run_document(run))
    ended.pop("wake_at")
    return ended | {
        "status": "FAILED" if n % 500 == 7 else "SUCCESS",
        "finished_at": fire_time + timedelta(seconds=2),
        "lateness_ms": n % 80,
    }


def _token(n: int) -> dict[str, Any]:
    names = {"_id": f"token-{n:06}", "hash": f"hash-{n:06}", "name": "CI", "ending": "abcd"}
    return {**names, "user_id": BOB if n % 3 else ADA, "scope": "read", "created_at": NOON}
