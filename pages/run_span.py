"""Since when and until when the runs of a list were due."""

from datetime import date, datetime, time, timedelta
from typing import Final

from cronpp_app.domain.zones import load_zone

_LENGTHS: Final = {
    "hour": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}


def between(
    span: str, day: str, *, now: datetime, timezone: str
) -> tuple[datetime | None, datetime | None]:
    """Return the ends of a span before `now`, else of a day in `timezone`, else none."""
    if span:
        return now - _LENGTHS[span], None
    found = date_of(day)
    if found is None:
        return None, None
    zone = load_zone(timezone)
    ends = [datetime.combine(at, time(), zone) for at in (found, found + timedelta(days=1))]
    return ends[0], ends[1]


def date_of(text: str) -> date | None:
    """Return the date that `text` (YYYY-MM-DD) names, None if it is none of our calendar."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if date(2000, 1, 1) <= day <= date(9000, 1, 1) else None
