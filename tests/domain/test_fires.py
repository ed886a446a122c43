"""Which fire times get a run: a table that reads like the documentation of misfires."""

from datetime import UTC, datetime, timedelta

import pytest

from cronpp_app.domain.fires import plan_fires, run_id
from cronpp_app.domain.jobs import CatchUp, MisfirePolicy
from cronpp_app.domain.runs import RunStatus
from cronpp_app.domain.schedules import CronSchedule, IntervalSchedule, OnceSchedule

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
EVERY_MINUTE = CronSchedule(cron="* * * * *")


def minutes(*past_noon: float) -> list[datetime]:
    return [NOON + timedelta(minutes=n) for n in past_noon]


def policy(catch_up: CatchUp, **changes: object) -> MisfirePolicy:
    fields = {"grace": timedelta(seconds=90), **changes}
    return MisfirePolicy(policy=catch_up, **fields)


# due at 12:00; now; policy -> fires with a run, fire times in the row of those without
CASES = [
    ("on time", 0, policy(CatchUp.SKIP), [0], None),
    ("within the grace", 1, policy(CatchUp.SKIP), [0, 1], None),
    ("skip drops misfires", 5, policy(CatchUp.SKIP), [4, 5], (0, 3, 4)),
    ("latest is one of those on time", 5, policy(CatchUp.LATEST), [4, 5], (0, 3, 4)),
    ("all catches up each", 5, policy(CatchUp.ALL), [0, 1, 2, 3, 4, 5], None),
    ("all, at most two", 5, policy(CatchUp.ALL, max_runs=2), [2, 3, 4, 5], (0, 1, 2)),
    (
        "all, none older than three minutes",
        5,
        policy(CatchUp.ALL, max_age=timedelta(minutes=3)),
        [3, 4, 5],
        (0, 2, 3),
    ),
]


@pytest.mark.parametrize(("_name", "now", "misfire", "fires", "gap"), CASES)
def test_misfires(_name: str, now: int, misfire: MisfirePolicy, fires: list, gap) -> None:
    (moment,) = minutes(now)
    plan = plan_fires(EVERY_MINUTE, misfire, due=NOON, now=moment)
    assert list(plan.fires) == minutes(*fires)
    told = [
        ((g.first - NOON).seconds // 60, (g.last - NOON).seconds // 60, g.count) for g in plan.gaps
    ]
    assert told == ([gap] if gap else [])
    assert plan.next_run_time == NOON + timedelta(minutes=now + 1)


def _minute(moment: datetime) -> int:
    return (moment - NOON).seconds // 60


@pytest.mark.parametrize(
    ("catch_up", "fires"), [(CatchUp.LATEST, 1), (CatchUp.SKIP, 0), (CatchUp.ALL, 1)]
)
def test_a_one_off_noticed_late(catch_up: CatchUp, fires: int) -> None:
    once = OnceSchedule(run_at=NOON)
    plan = plan_fires(once, policy(catch_up), due=NOON, now=NOON + timedelta(hours=2))
    assert (len(plan.fires), plan.next_run_time) == (fires, None)
    assert len(plan.gaps) == 1 - fires


def test_latest_runs_the_last_misfire_when_nothing_is_on_time() -> None:
    daily = CronSchedule(cron="0 12 * * *")
    plan = plan_fires(
        daily, policy(CatchUp.LATEST), due=NOON, now=NOON + timedelta(days=3, hours=1)
    )
    assert plan.fires == (NOON + timedelta(days=3),)
    assert [(gap.count, gap.status) for gap in plan.gaps] == [(3, RunStatus.SKIPPED)]


@pytest.mark.parametrize("catch_up", list(CatchUp))
def test_a_year_of_every_second_is_decided_without_counting_it_out(catch_up: CatchUp) -> None:
    every_second = IntervalSchedule(every=timedelta(seconds=1), start_at=NOON)
    now = NOON + timedelta(days=365)
    plan = plan_fires(every_second, policy(catch_up), due=NOON, now=now)
    assert plan.next_run_time == now + timedelta(seconds=1)
    assert len(plan.fires) <= 91 + 100
    assert plan.gaps[0].first == NOON


def test_the_id_of_a_scheduled_run_is_its_job_and_fire_time() -> None:
    assert run_id("job", NOON) == run_id("job", NOON)
    assert run_id("job", NOON) != run_id("job", NOON + timedelta(milliseconds=1))


def test_more_fire_times_within_the_grace_than_one_look_decides_are_left_for_the_next() -> None:
    every_second = IntervalSchedule(every=timedelta(seconds=1), start_at=NOON)
    patient = policy(CatchUp.SKIP, grace=timedelta(days=7))
    plan = plan_fires(every_second, patient, due=NOON, now=NOON + timedelta(hours=3))
    assert plan.next_run_time == plan.fires[-1] + timedelta(seconds=1)
    assert plan.next_run_time < NOON + timedelta(hours=3)
