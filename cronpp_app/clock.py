"""The only reader of the machine's clocks."""

import time
from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return this machine's present moment: aware UTC, cut to whole milliseconds."""
    return cut_to_ms(datetime.now(UTC))


def monotonic() -> float:
    """Return seconds on a clock that never jumps; only differences mean anything."""
    return time.monotonic()


def cut_to_ms(moment: datetime) -> datetime:
    """Return `moment` without its microseconds: MongoDB keeps milliseconds and drops the rest."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
