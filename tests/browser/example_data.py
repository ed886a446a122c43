"""A day in the life of a small company, for the pictures in the documentation.

Written into the database as the engine would have left it, so that the pictures come out alike
each time; only pictures are made from it, no test relies on it.
"""

# ruff: noqa: E501 - a table is read by its columns

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from pymongo import MongoClient

from cronpp_app.clock import utc_now
from cronpp_app.domain.backoff import Backoff, RetryPolicy
from cronpp_app.domain.fires import manual_run
from cronpp_app.domain.jobs import HttpAction, Job, JobDefinition, JobStatus, LogAction
from cronpp_app.domain.runs import Trigger
from cronpp_app.domain.schedules import CronSchedule, IntervalSchedule, Schedule, next_fire
from cronpp_app.store.documents import job_document
from cronpp_app.store.run_documents import error_document, run_document
from tests.browser.example_log import REFUSED, TIMED_OUT, attempt, good_attempt
from tests.browser.example_people import fill_people

_BERLIN, _NEW_YORK, _TOKYO = "Europe/Berlin", "America/New_York", "Asia/Tokyo"
_RUNS_PER_HOUR = (150, 250)
_BODY = '{\n  "source": "cron++",\n  "full": false\n}'
# name, method, address, cron (or seconds), zone, status, typical duration in ms
_JOBS: tuple[tuple[str, str, str, str | int, str, str, int], ...] = (
    ("Health probe: checkout", "GET", "checkout.acme.example/healthz", 20, "", "RUNNING", 170),
    ("Fraud score refresh", "POST", "risk.acme.example/v2/scores", "*/5 * * * *", _NEW_YORK, "RETRYING", 640),
    ("Sync Stripe payouts", "POST", "api.acme.example/payouts/sync", "* * * * *", _BERLIN, "PENDING", 410),
    ("Ping status page", "POST", "status.acme.example/heartbeat", "*/2 * * * *", _BERLIN, "PENDING", 90),
    ("Rebuild search index", "POST", "search.acme.example/rebuild", "*/15 * * * *", _BERLIN, "PENDING", 900),
    ("Warm the edge cache", "GET", "edge.acme.example/warm", "*/10 * * * *", "UTC", "PENDING", 260),
    ("Translate new content", "POST", "i18n.acme.example/translate", "45 9-17 * * 1-5", _NEW_YORK, "PENDING", 520),
    ("Purge expired sessions", "DELETE", "auth.acme.example/sessions", "0 * * * *", _TOKYO, "PENDING", 210),
    ("Nightly export to warehouse", "POST", "dwh.acme.example/exports", "30 2 * * *", _BERLIN, "PENDING", 980),
    ("Backup object store", "PUT", "backup.acme.example/snapshots", "0 3 * * *", "UTC", "PAUSED", 860),
    ("Send weekly digest", "POST", "mail.acme.example/digest", "0 9 * * 1", _BERLIN, "PENDING", 330),
    ("Heartbeat in the log", "LOG", "Still here.", 60, "", "PENDING", 1),
)  # fmt: skip
# How often each of the others fires, in seconds; 0: not within an hour.
_EVERY = (180, 60, 120, 900, 600, 0, 3_600, 0, 0, 0, 60)
_THE_LAST_HOUR = timedelta(hours=1)
_FAILING = "Rebuild search index"
_SHOWN = "Fraud score refresh"
# What its owner changes afterwards, step by step, so that it has versions.
EDITS: tuple[dict[str, Any], ...] = (
    {"action": {"timeout_seconds": 60}},
    {"tags": ["risk"], "description": "New scores for the payments of the last five minutes."},
)


def fill(uri: str, database: str, user_id: str) -> str:
    """Write the day of the person `user_id` anew; return the id of the job whose log to show."""
    client: MongoClient[dict[str, Any]] = MongoClient(uri, tz_aware=True)
    now, draw = utc_now(), random.Random(7)
    with client:
        store = client[database]
        for collection in (store.jobs, store.runs, store.execution_logs, store.job_versions):
            collection.delete_many({})
        jobs = [_job(number, user_id, now) for number in range(len(_JOBS))]
        for job, entry in zip(jobs, _JOBS, strict=True):
            store.jobs.insert_one(_with_history(job, entry, now, draw))
        shown = next(job for job in jobs if job.definition.name == _SHOWN)
        others = [job for job in jobs if job is not shown]
        store.runs.insert_many(list(_day(others, now, draw)))
        _write_shown_runs(store, shown, now, draw)
        store.runs.insert_many(list(_year(shown, now, draw)))
        store.runs.insert_many(list(_last_hour(others, now, draw)))
        _write_troubles(store, others, now)
        _show_workers(store, now)
        fill_people(store, user_id, now)
    return shown.id


def _year(job: Job, now: datetime, draw: random.Random) -> Iterator[dict[str, Any]]:
    """Yield some runs for every day of the past year but a few."""
    for day in range(1, 340):
        at = now - timedelta(days=day)
        if draw.random() < 0.04:
            continue
        busy = 9 if at.weekday() < 5 else 3
        for number in range(draw.randint(busy // 3, busy)):
            bad = draw.random() < 0.008
            moment = at.replace(hour=9 + number, minute=0, second=0, microsecond=0)
            yield _finished(job, moment, "FAILED" if bad else "SUCCESS", 1, draw)


def _last_hour(jobs: list[Job], now: datetime, draw: random.Random) -> Iterator[dict[str, Any]]:
    """Yield what an hour of a timetable brings; a few runs begin late, as after an outage."""
    for job, entry in zip(jobs, _EVERY, strict=False):
        seconds = entry or 0
        for number in range(3_600 // seconds if seconds else 0):
            at = now - timedelta(seconds=60 + number * seconds + draw.uniform(0, 2))
            run = _finished(job, at, "FAILED" if draw.random() < 0.02 else "SUCCESS", 1, draw)
            if timedelta(minutes=22) < now - at < timedelta(minutes=27):
                late = timedelta(minutes=27) - (now - at)
                run |= _delayed(run, late * 0.55)
            yield run


def _delayed(run: dict[str, Any], late: timedelta) -> dict[str, Any]:
    took = run["finished_at"] - run["started_at"]
    started = run["fire_time"] + late
    lateness = round(late.total_seconds() * 1000)
    return {"started_at": started, "finished_at": started + took, "lateness_ms": lateness}


def _write_troubles(store: Any, jobs: list[Job], now: datetime) -> None:
    """Let one job have been stopped, and one be unnoticed by any worker."""
    stopped = next(job for job in jobs if job.status is JobStatus.PAUSED)
    gone = {"paused_reason": "The target answered 410 Gone: it asks not to be called again."}
    store.jobs.update_one({"_id": stopped.id}, {"$set": gone | {"paused_at": now}})
    failing = next(job for job in jobs if job.definition.name == _FAILING)
    refused = {"last_run.error": "The target answered 503 Service Unavailable."}
    store.jobs.update_one({"_id": failing.id}, {"$set": refused})


def _show_workers(store: Any, now: datetime) -> None:
    for number, busy in enumerate((17, 14, 10), start=1):
        fields = {"host": f"worker-{number}", "pid": 7, "version": "0.1.0", "slots": 32}
        # Heard of for as long as pictures are taken; open pages look for workers now and then.
        fields |= {"busy": busy, "started_at": now, "seen_at": now + timedelta(minutes=5)}
        store.workers.update_one({"_id": f"worker-{number}"}, {"$set": fields}, upsert=True)


def _job(number: int, user_id: str, now: datetime) -> Job:
    name, method, address, when, zone, status, _ = _JOBS[number]
    schedule: Schedule
    if isinstance(when, int):
        start = now - timedelta(days=30, seconds=7 * number)
        schedule = IntervalSchedule(every=timedelta(seconds=when), start_at=start)
    else:
        schedule = CronSchedule(cron=when, timezone=zone)
    headers = {"Content-Type": "application/json", "Authorization": "Bearer sk_live_4f9d2c81"}
    action = (
        LogAction(message=address)
        if method == "LOG"
        else HttpAction(
            method=method,
            url=f"https://{address}",
            headers=headers if method in {"POST", "PUT"} else {},
            body=_BODY if method in {"POST", "PUT"} else None,
        )
    )
    definition = JobDefinition(
        name=name,
        schedule=schedule,
        action=action,
        retry=RetryPolicy(max_retries=3, backoff=Backoff.EXPONENTIAL, base=timedelta(minutes=2)),
    )
    return Job(
        id=f"6b0{number:03x}f92e9b40cad58137a7{number:x}"[:24].ljust(24, "0"),
        user_id=user_id,
        version=1,
        definition=definition,
        status=JobStatus(status),
        enabled=status != "PAUSED",
        created_at=now - timedelta(days=30),
        updated_at=now,
        next_run_time=next_fire(schedule, after=now) if status != "PAUSED" else None,
    )


def _with_history(
    job: Job, entry: tuple[Any, ...], now: datetime, draw: random.Random
) -> dict[str, Any]:
    """Return the document of a job that has run twenty times."""
    failing = job.definition.name == _FAILING
    recent = []
    for number in range(20):
        bad = draw.random() < 0.06 or (failing and number > 16)
        took = max(1, round(entry[6] * draw.uniform(0.5, 1.5)))
        recent.append({"status": "FAILED" if bad else "SUCCESS", "duration_ms": took})
    recent[-1]["status"] = "FAILED" if failing else "SUCCESS"
    last = now - timedelta(seconds=draw.randint(4, 55))
    if job.definition.schedule.__class__ is CronSchedule and "*/" not in str(entry[3]):
        last = now - timedelta(hours=draw.randint(2, 15))
    document: dict[str, Any] = dict(job_document(job))
    document["recent"] = recent
    document["consecutive_failures"] = 3 if failing else 0
    document["last_run"] = {
        "id": f"{job.id}-1",
        "status": recent[-1]["status"],
        "fire_time": last,
        "finished_at": last,
        "duration_ms": recent[-1]["duration_ms"],
    }
    document["last_sort"] = last
    return document


def _day(jobs: list[Job], now: datetime, draw: random.Random) -> Iterator[dict[str, Any]]:
    """Yield the finished runs of the last 24 hours."""
    for hour in range(24):
        start = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=hour)
        past = (now - start).total_seconds() if hour == 0 else 3600
        for number in range(round(draw.randint(*_RUNS_PER_HOUR) * max(past / 3600, 0.35))):
            job = jobs[number % len(jobs)]
            at = start + timedelta(seconds=draw.uniform(0, past))
            if now - at < _THE_LAST_HOUR:
                continue
            bad = draw.random() < (0.12 if hour in {5, 6, 14} else 0.012)
            yield _finished(job, at, "FAILED" if bad else "SUCCESS", 1, draw)


def _finished(
    job: Job, at: datetime, status: str, attempts: int, draw: random.Random
) -> dict[str, Any]:
    moment = at.replace(microsecond=at.microsecond // 1000 * 1000)
    run_id = f"{job.id}-{round(moment.timestamp() * 1000)}"
    run = manual_run(job, run_id=run_id, now=moment, trigger=Trigger.SCHEDULE)
    document: dict[str, Any] = dict(run_document(run))
    document.pop("wake_at", None)
    late, took = draw.randint(3, 38), draw.randint(80, 700)
    if status == "FAILED":
        document["error"] = error_document(TIMED_OUT if draw.random() < 0.4 else REFUSED)
    return document | {
        "status": status,
        "attempt_count": attempts,
        "worker_id": f"worker-{draw.randint(1, 3)}",
        "started_at": moment + timedelta(milliseconds=late),
        "finished_at": moment + timedelta(milliseconds=late + took),
        "duration_ms": took,
        "lateness_ms": late,
    }


def _write_shown_runs(store: Any, job: Job, now: datetime, draw: random.Random) -> None:
    """Write the log that is shown: a run that waits for its third attempt, others before it."""
    newest = now - timedelta(minutes=2)
    newest = newest.replace(minute=newest.minute // 5 * 5, second=0, microsecond=0)
    for number in range(24, 0, -1):
        at = newest - timedelta(minutes=5 * number)
        store.runs.insert_one(_finished(job, at, "FAILED" if number == 6 else "SUCCESS", 1, draw))
    run = _finished(job, newest, "RETRYING", 2, draw)
    run.pop("finished_at")
    run["wake_at"] = now + timedelta(minutes=3, seconds=14)
    run["error"] = error_document(REFUSED)
    store.runs.insert_one(run)
    good = f"{job.id}-{round((newest - timedelta(minutes=5)).timestamp() * 1000)}"
    store.execution_logs.insert_one(good_attempt(job, good, newest - timedelta(minutes=5)))
    for number, late in ((1, timedelta(milliseconds=17)), (2, timedelta(seconds=97))):
        store.execution_logs.insert_one(attempt(job, run["_id"], number, newest + late))
