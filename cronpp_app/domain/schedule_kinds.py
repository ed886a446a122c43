"""The three kinds of schedule, as immutable values."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class CronSchedule:
    """Fires when a cron expression says so on the clocks of a zone, from start to end inclusive.

    `cron` is normalised text. A run may start up to `jitter_seconds` after its fire time.
    """

    cron: str
    timezone: str = "UTC"
    start_at: datetime | None = None
    end_at: datetime | None = None
    jitter_seconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalSchedule:
    """Fires on a fixed grid: at `start_at` and every `every` after it, to `end_at` inclusive."""

    every: timedelta
    start_at: datetime
    end_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnceSchedule:
    """Fires once, at `run_at`; `timezone` only says on whose clock to show it."""

    run_at: datetime
    timezone: str = "UTC"


Schedule = CronSchedule | IntervalSchedule | OnceSchedule
