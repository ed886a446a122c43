"""The collected cases: what must be refused, and what fires when."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from cronpp_app.domain.cron import InvalidCron, check_cron
from cronpp_app.domain.schedules import CronSchedule, next_fire

CASES = json.loads((Path(__file__).parents[1] / "data" / "cron.json").read_text())
INVALID = [case for case in CASES if case.get("invalid")]
FIRING = [case for case in CASES if not case.get("invalid")]


@pytest.mark.parametrize("case", INVALID, ids=lambda case: case["id"])
def test_an_invalid_expression_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(InvalidCron):
        check_cron(case["expr"])


@pytest.mark.parametrize("case", FIRING, ids=lambda case: case["id"])
def test_an_expression_fires_at_the_collected_times(case: dict[str, Any]) -> None:
    schedule = CronSchedule(cron=check_cron(case["expr"]), timezone=case["tz"])
    moment = datetime.fromisoformat(case["start"])
    for expected in map(datetime.fromisoformat, case["expect"]):
        fire = next_fire(schedule, after=moment)
        assert fire == expected
        moment = fire
