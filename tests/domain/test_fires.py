"""From fire times to runs, beside the cases of docs/policies.md (test_policies.py)."""

from datetime import UTC, datetime, timedelta

import pytest

from cronpp_app.domain.fires import plan_fires, run_id
from cronpp_app.domain.jobs import CatchUp, MisfirePolicy
from cronpp_app.domain.schedules import IntervalSchedule

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


def policy(catch_up: CatchUp, **changes: object) -> MisfirePolicy:
    fields = {"grace": timedelta(seconds=90), **changes}
    return MisfirePolicy(policy=catch_up, **fields)


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
