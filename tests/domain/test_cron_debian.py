"""The crontab lines that Debian 12 packages ship: real input, as it was found."""

import json
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest

from cronpp_app.domain.cron import InvalidCron, check_cron
from cronpp_app.domain.schedules import (
    CronSchedule,
    describe,
    fires_after,
    next_fire,
    preview_notes,
)

FILE = Path(__file__).parents[1] / "data" / "debian_crontabs.json"
LINES = json.loads(FILE.read_text())
NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)  # a Tuesday
TIMED = sorted({line["schedule"] for line in LINES if not line["schedule"].startswith("@")})


def test_there_are_enough_lines_to_mean_something() -> None:
    assert len({line["line"] for line in LINES}) >= 25


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line['package']}: {line['schedule']}")
def test_the_schedule_is_what_the_line_begins_with(line: dict[str, str]) -> None:
    assert " ".join(line["line"].split()).startswith(line["schedule"])


@pytest.mark.parametrize("text", TIMED)
def test_a_shipped_schedule_is_understood_described_and_previewed(text: str) -> None:
    schedule = CronSchedule(cron=check_cron(text), timezone="Europe/Berlin")
    fires = list(islice(fires_after(schedule, after=NOON), 5))
    assert len(fires) == 5
    assert describe(schedule)
    assert isinstance(preview_notes(schedule, fires), tuple)


@pytest.mark.parametrize(
    ("text", "expected", "words"),
    [
        ("09,39 * * * *", "2026-12-01T12:09Z", "At minutes 9 and 39 of every hour"),
        ("5-55/10 * * * *", "2026-12-01T12:05Z", "Every 10 minutes starting at :05"),
        ("30 7-23 * * *", "2026-12-01T12:30Z", "Every hour from 07:30 through 23:30"),
        ("47 6 * * 7", "2026-12-06T06:47Z", "At 06:47 every Sunday"),
        ("52 6 1 * *", "2027-01-01T06:52Z", "At 06:52 on day 1 of every month"),
        ("57 0 * * 0", "2026-12-06T00:57Z", "At 00:57 every Sunday"),
        ("10 03 * * *", "2026-12-02T03:10Z", "Every day at 03:10"),
    ],
)
def test_a_shipped_schedule_fires_when_its_author_meant(
    text: str, expected: str, words: str
) -> None:
    assert text in TIMED
    schedule = CronSchedule(cron=check_cron(text))
    assert next_fire(schedule, after=NOON) == datetime.fromisoformat(expected)
    assert describe(schedule).startswith(words)


def test_at_boot_is_not_a_time() -> None:
    assert "@reboot" in {line["schedule"] for line in LINES}
    with pytest.raises(InvalidCron, match="not supported"):
        check_cron("@reboot")
