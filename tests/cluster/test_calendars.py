"""Nights in which clocks change, and leap days, made good late: each fire time once.

The jobs have been due since those nights and catch up; what they owe is reckoned apart.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from cronpp_app.clock import utc_now
from cronpp_app.domain.jobs import CatchUp, HttpAction, Job, MisfirePolicy
from cronpp_app.domain.schedules import CronSchedule
from cronpp_app.store.database import new_id
from cronpp_app.store.documents import job_document
from tests.cluster.calendars import NIGHTS, RULES, Night, Rule, fire_times
from tests.cluster.conftest import quick_and_full
from tests.cluster.harness import spread_jobs
from tests.cluster.scene import Scene

ALL_OF_IT = MisfirePolicy(policy=CatchUp.ALL, max_age=timedelta(days=7_300), max_runs=1_000)
COPIES = 3


@quick_and_full()
async def test_every_fire_time_of_a_night_that_changes_clocks_is_made_good(scene: Scene) -> None:
    """A worker is killed while they catch up."""
    await scene.start_workers(3)
    action = HttpAction(method="POST", url=scene.target.url("/ok/50"), body="{}")
    owed = {
        (night, rule): times
        for night in NIGHTS
        for rule in RULES
        if (times := list(fire_times(rule, night)))
    }
    jobs = [
        _job(action, night, rule, times[0])
        for (night, rule), times in owed.items()
        for _ in range(COPIES)
    ]
    scene.planned |= {
        (job.id, at)
        for job, times in zip(jobs, (t for t in owed.values() for _ in range(COPIES)), strict=True)
        for at in times
    }
    await scene.database.jobs.insert_many([job_document(job) for job in jobs])
    killed_at = await _kill_one(scene)
    evidence = await scene.calm()
    scene.tell(evidence, seconds=evidence.taken_over_after(killed_at))
    assert evidence.complaints() == []
    assert {run["status"] for run in evidence.runs.values()} == {"SUCCESS"}


async def _kill_one(scene: Scene) -> datetime:
    await scene.target.received(scene.chooser.randrange(100, len(scene.planned) // 2))
    scene.victim().kill()
    return utc_now()


def _job(action: HttpAction, night: Night, rule: Rule, first: datetime) -> Job:
    """Return a job that has been due since its first fire time of `night`, and ends with it."""
    (pattern,) = spread_jobs(
        action, count=1, start_at=first, over=timedelta(0), lasting=timedelta(0)
    )
    schedule = CronSchedule(
        cron=rule.cron, timezone=night.zone, start_at=night.since, end_at=night.until
    )
    definition = replace(pattern.definition, schedule=schedule, misfire=ALL_OF_IT)
    return replace(pattern, id=new_id(), definition=definition)
