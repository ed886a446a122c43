"""What deciding about a downtime costs: `python -m bench.misfire`.

A job that fires each second was due since an hour, a day, a year. Timed are the decision alone
(pure, median of 20) and the worker's whole step, database included (median of 10, a new job each).
"""

import asyncio
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from statistics import median

from bench.stage import Stage, insert_jobs, stage, stored_job
from cronpp_app.clock import utc_now
from cronpp_app.domain.attempts import AttemptResult
from cronpp_app.domain.fires import plan_fires
from cronpp_app.domain.jobs import CatchUp, LogAction, MisfirePolicy
from cronpp_app.domain.runs import Run
from cronpp_app.domain.schedules import CronSchedule, IntervalSchedule, Schedule
from cronpp_app.settings import Settings
from cronpp_app.store.database import Database, connect
from cronpp_app.store.indexes import ensure_indexes
from cronpp_app.worker_composition import build_worker

DOWNTIMES = {
    "an hour": timedelta(hours=1),
    "a day": timedelta(days=1),
    "a year": timedelta(days=365),
}


def _schedules(due: datetime) -> dict[str, Schedule]:
    return {
        "cron * * * * * *": CronSchedule(cron="* * * * * *", timezone="Europe/Berlin"),
        "interval 1 s": IntervalSchedule(every=timedelta(seconds=1), start_at=due),
    }


def _milliseconds(took: Iterable[float]) -> float:
    return 1000 * median(took)


def _decision(schedule: Schedule, misfire: MisfirePolicy, due: datetime) -> float:
    took = []
    for _ in range(20):
        started = time.perf_counter()
        plan_fires(schedule, misfire, due=due, now=utc_now(), ahead=timedelta(seconds=1))
        took.append(time.perf_counter() - started)
    return _milliseconds(took)


async def _nothing(_run: Run, _sent_at: datetime) -> AttemptResult:
    return AttemptResult()


async def _step(
    database: Database, schedule: Schedule, misfire: MisfirePolicy, due: datetime
) -> float:
    took = []
    worker = build_worker(Settings(), database, _nothing, claims_first=False)
    await worker.upkeep._clock.sync()
    for number in range(10):
        job = stored_job(number, schedule, LogAction(message="hi"), due=due, misfire=misfire)
        await insert_jobs(database, [job])
        started = time.perf_counter()
        await worker.firing.step()
        took.append(time.perf_counter() - started)
        await database.jobs.delete_many({})
    return _milliseconds(took)


async def measure(at: Stage) -> None:
    """Print one row per schedule, policy and downtime."""
    print(f"{'schedule':18} {'policy':8} {'downtime':9} {'decision':>9} {'step':>9}   ms")
    with at.scratch_database() as name:
        database = connect(at.uri, name)
        await ensure_indexes(database)
        for policy in CatchUp:
            for words, downtime in DOWNTIMES.items():
                due = (utc_now() - downtime).replace(microsecond=0)
                for title, schedule in _schedules(due).items():
                    misfire = MisfirePolicy(policy=policy)
                    decision = _decision(schedule, misfire, due)
                    step = await _step(database, schedule, misfire, due)
                    print(f"{title:18} {policy:8} {words:9} {decision:9.1f} {step:9.1f}")
        await database.client.close()


if __name__ == "__main__":
    with stage() as scene:
        asyncio.run(measure(scene))
