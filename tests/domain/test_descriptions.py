"""What schedules say in words."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cronpp_app.domain.schedules import CronSchedule, IntervalSchedule, OnceSchedule, describe

CASES = json.loads((Path(__file__).parents[1] / "data" / "descriptions.json").read_text())
NEW_YEAR = datetime(2027, 1, 1, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["expr"])
def test_a_description_says_what_the_collected_case_asks(case: dict[str, Any]) -> None:
    words = describe(CronSchedule(cron=case["expr"]))
    for wanted in case["must_match"]:
        assert re.search(wanted, words, re.IGNORECASE)
    for unwanted in case["must_not_match"]:
        assert not re.search(unwanted, words, re.IGNORECASE)
