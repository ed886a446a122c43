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


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("* * * * *", "Every minute"),
        ("* * * * * *", "Every second"),
        ("*/30 * * * * *", "Every 30 seconds"),
        ("30 * * * * *", "Every minute, at second 30"),
        ("*/10 30 2 * * *", "Every 10 seconds within 02:30"),
        ("0,30 * * * *", "At minutes 0 and 30 of every hour"),
        ("*/10 * * * 0", "Every 10 minutes on Sunday"),
        ("5 * * * *", "Every hour, at 5 minutes past the hour"),
        ("* 9-17 * * *", "Every minute from 09:00 through 17:59"),
        ("*/15 9-17 * * 1-5", "Every 15 minutes from 09:00 through 17:45, Monday to Friday"),
        ("0 */2 * * *", "Every 2 hours, on the hour"),
        (
            "0 */7 * * *",
            "Every 7 hours from 00:00 through 21:00 (00:00, 07:00, 14:00 and 21:00)",
        ),
        ("0 */30 * * *", "Every day at 00:00"),
        ("30 15 10 * * 1,3,5", "At 10:15:30 on Monday, Wednesday and Friday"),
        ("0 9 * 1-3 1-5", "At 09:00, Monday to Friday, in January to March"),
        ("0 0 * 12 *", "At 00:00 every day in December"),
        ("0 0 29 2 *", "At 00:00 on 29 February"),
        ("0 0 * * 1#2", "At 00:00 on the second Monday of the month"),
        ("0 0 15W * *", "At 00:00 on the weekday (Monday to Friday) nearest day 15 of the month"),
        ("0 0 LW * *", "At 00:00 on the last weekday (Monday to Friday) of the month"),
        ("0 0 L,15 * *", "At 00:00 on day 15 and the last day of the month"),
        ("0 0 1-7 * */7", "At 00:00 on days 1 to 7 of the month that are a Sunday"),
        ("0 0 */2 * 1,5", "At 00:00 on odd days of the month that are among Monday and Friday"),
        ("0 0 L * */5", "At 00:00 on the last day of the month which is among Friday and Sunday"),
        ("0 0 13 1 5", "At 00:00 on day 13 of January or on any Friday in January"),
        ("0 0 1-31 * 1", "Every day at 00:00"),
        ("0 0 ? * ?", "Every day at 00:00"),
    ],
)
def test_a_cron_schedule_reads_like_a_sentence(cron: str, words: str) -> None:
    assert describe(CronSchedule(cron=cron)) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "Every second"),
        (5, "Every 5 seconds"),
        (60, "Every minute"),
        (5400, "Every 1 hour 30 minutes"),
        (86_400, "Every day"),
        (90_061, "Every 1 day 1 hour 1 minute 1 second"),
    ],
)
def test_an_interval_is_told_in_the_largest_units(seconds: int, words: str) -> None:
    schedule = IntervalSchedule(every=timedelta(seconds=seconds), start_at=NEW_YEAR)
    assert describe(schedule) == words


def test_once_is_told_on_the_clock_of_its_zone() -> None:
    assert describe(OnceSchedule(run_at=NEW_YEAR)) == "Once, on 1 January 2027 at 08:00"
    in_berlin = OnceSchedule(run_at=NEW_YEAR, timezone="Europe/Berlin")
    assert describe(in_berlin) == "Once, on 1 January 2027 at 09:00"
