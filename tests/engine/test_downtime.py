"""What a long downtime costs: as much as a short one."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from cronpp_app.clock import utc_now
from cronpp_app.domain import schedules
from cronpp_app.domain.cron_fires import next_cron_fire
from cronpp_app.domain.jobs import CatchUp, MisfirePolicy
from cronpp_app.domain.runs import RunStatus
from cronpp_app.domain.schedules import CronSchedule, IntervalSchedule, OnceSchedule, Schedule
from tests.engine.conftest import Bench, failure

YEAR, HOUR, SECOND = timedelta(days=365), timedelta(hours=1), timedelta(seconds=1)
ON_TIME, CAUGHT_UP = 62, 100  # within the grace of a minute and a second ahead; max_runs


@pytest.fixture
def fire_times(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The fire times of cron schedules that were computed."""
    computed: list[Any] = []

    def compute(*asked: Any, **more: Any) -> Any:
        computed.append(next_cron_fire(*asked, **more))
        return computed[-1]

    monkeypatch.setattr(schedules, "next_cron_fire", compute)
    return computed


@pytest.mark.parametrize("policy", list(CatchUp))
async def test_a_year_of_a_job_that_fires_each_second_costs_what_an_hour_of_it_does(
    policy: CatchUp, bench: Bench, fire_times: list[Any]
) -> None:
    costs = []
    for downtime in (HOUR, YEAR):
        fire_times.clear()
        every_second = CronSchedule(cron="* * * * * *", timezone="Europe/Berlin")
        statements = await _statements(
            bench, await _back_after(bench, downtime, every_second, policy)
        )
        costs.append((statements, len(fire_times)))
    (of_an_hour, computed_for_an_hour), (of_a_year, computed_for_a_year) = costs
    assert of_a_year == of_an_hour <= 7
    assert computed_for_a_year <= computed_for_an_hour + 20  # halvings of a longer span
    caught_up = CAUGHT_UP if policy is CatchUp.ALL else 0
    assert computed_for_a_year <= 3 * ON_TIME + 6 * caught_up


async def test_a_run_that_is_a_year_late_is_retried_like_any_other(bench: Bench) -> None:
    """Its lateness in milliseconds is more than 32 bits hold."""
    once = OnceSchedule(run_at=utc_now() - YEAR)
    job = await bench.add_job(schedule=once)
    bench.target.answers = [failure()]
    worker = await bench.worker()
    await bench.work_once(worker)
    assert (await bench.run(job)).status is RunStatus.RETRYING
    await bench.make_due(job)
    await bench.work_once(worker)
    run = await bench.run(job)
    assert (run.status, run.attempt_count) == (RunStatus.SUCCESS, 2)


@pytest.mark.parametrize("policy", list(CatchUp))
async def test_a_year_of_an_every_second_interval_is_told_in_full(
    policy: CatchUp, bench: Bench
) -> None:
    start = utc_now() - YEAR
    every_second = IntervalSchedule(every=SECOND, start_at=start)
    await (await _back_after(bench, YEAR, every_second, policy))()
    gap, *runs = await bench.runs()
    assert gap.fire_count == 10_000  # "more than 10000", from the first to the last
    assert (gap.fire_time, gap.last_fire_time + SECOND) == (start, runs[0].fire_time)
    caught_up = CAUGHT_UP if policy is CatchUp.ALL else 0
    assert ON_TIME - 2 <= len(runs) - caught_up <= ON_TIME + 1


async def _back_after(
    bench: Bench, downtime: timedelta, schedule: Schedule, policy: CatchUp
) -> Callable[[], Awaitable[bool]]:
    """Return the step of a worker that finds one job, due since `downtime`."""
    await bench.database.jobs.delete_many({})
    await bench.database.runs.delete_many({})
    job = await bench.add_job(schedule=schedule, misfire=MisfirePolicy(policy=policy))
    due = (utc_now() - downtime).replace(microsecond=0)
    due = schedule.start_at if isinstance(schedule, IntervalSchedule) else due
    await bench.database.jobs.update_one({"_id": job.id}, {"$set": {"next_run_time": due}})
    return (await bench.worker()).firing.step


async def _statements(bench: Bench, step: Callable[[], Awaitable[bool]]) -> int:
    """Return how many statements the database was sent in `step`."""
    await bench.database.raw.command("profile", 2)
    await step()
    await bench.database.raw.command("profile", 0)
    of_data = {"ns": {"$not": {"$regex": "system.profile|\\$cmd"}}}
    count = await bench.database.raw["system.profile"].count_documents(of_data)
    await bench.database.raw.drop_collection("system.profile")
    return count
