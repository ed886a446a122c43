"""What a schedule means, before or after it is saved."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, takewhile
from typing import Final

from cronpp_app.domain.descriptions import describe
from cronpp_app.domain.schedule_notes import preview_notes
from cronpp_app.domain.schedules import Schedule, fires_after
from cronpp_app.errors import FieldError, InvalidInput

MOST_PREVIEWED: Final = 100
# A hundred leap days are four hundred years of clock changes to look up.
_FARTHEST: Final = timedelta(days=36_525)


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulePreview:
    """What a schedule means: in words, as instants, and what to know about them."""

    description: str
    fire_times: tuple[datetime, ...]
    notes: tuple[str, ...]


def preview_of(schedule: Schedule, *, after: datetime, count: int) -> SchedulePreview:
    """Return what `schedule` means: its next `count` fire times after `after`, in 100 years.

    Raises InvalidInput unless `count` is from 1 to 100.
    """
    if not 1 <= count <= MOST_PREVIEWED:
        message = f"Must be a whole number from 1 to {MOST_PREVIEWED}, not {count}."
        raise InvalidInput(FieldError("count", message))
    end = after + _FARTHEST
    fires = tuple(takewhile(end.__gt__, islice(fires_after(schedule, after=after), count)))
    return SchedulePreview(
        description=describe(schedule),
        fire_times=fires,
        notes=preview_notes(schedule, fires),
    )
