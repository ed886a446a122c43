"""Which runs a list shows: its state, as the address of the page tells it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final, Self
from urllib.parse import urlencode

from components.runs_bar import SPANS, STATUSES, TRIGGERS
from cronpp_app.domain.runs import RunStatus, Trigger
from cronpp_app.domain.zones import load_zone
from cronpp_app.services.paging import Page
from cronpp_app.services.runs import RunQuery

PER_PAGE = 25
_LENGTHS: Final = {
    "hour": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}
_NAMES = ("status", "trigger", "span", "day", "job")
_LONGEST_ID = 100
_CHOICES = {"status": STATUSES, "trigger": TRIGGERS, "span": SPANS}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunList:
    """Filters and page of a list of runs; `day` is YYYY-MM-DD on the reader's calendar.

    `cursors` lead to the pages that were passed.
    """

    status: str = ""
    trigger: str = ""
    span: str = ""
    day: str = ""
    job: str = ""
    page: int = 1
    cursor: str | None = None
    cursors: tuple[str | None, ...] = ()

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> Self:
        """Return the list that an address asks for; what makes no sense there is left out."""
        status, trigger, span = (
            value if (value := parameters.get(name, "")) in options else ""
            for name, options in _CHOICES.items()
        )
        job, day = parameters.get("job", "")[:_LONGEST_ID], parameters.get("day", "")
        day = day if _date_of(day) else ""
        return cls(status=status, trigger=trigger, span=span, job=job, day=day)

    @property
    def values(self) -> dict[str, str]:
        """Return the filters by name; empty is any."""
        return {name: getattr(self, name) for name in _NAMES}

    @property
    def is_first_page(self) -> bool:
        """Return whether this is where new runs appear."""
        return self.cursor is None

    def address(self, path: str, *, job_is_given: bool) -> str:
        """Return `path` with the filters of this list; without the job where that is known."""
        parts = {name: value for name, value in self.values.items() if value}
        if job_is_given:
            parts.pop("job", None)
        return f"{path}?{urlencode(parts)}" if parts else path

    def query(self, *, now: datetime, timezone: str) -> RunQuery:
        """Return the question to ask for this page of the list."""
        since, until = self._between(now, timezone)
        return RunQuery(
            job_id=self.job or None,
            status=RunStatus(self.status) if self.status else None,
            trigger=Trigger(self.trigger) if self.trigger else None,
            since=since,
            until=until,
            limit=PER_PAGE,
            cursor=self.cursor,
        )

    def narrowed(self, name: str, value: str) -> Self:
        """Return the list with another filter, from its first page; a day and a span exclude."""
        if name not in _NAMES or (name in _CHOICES and value not in _CHOICES[name]):
            return self
        if name == "day" and not _date_of(value):
            value = ""
        others = {"day": "span", "span": "day"}
        changes = {name: value} | ({others[name]: ""} if name in others and value else {})
        return replace(self, page=1, cursor=None, cursors=(), **changes)

    def following(self, cursor: str) -> Self:
        """Return the next page, which begins at `cursor`."""
        return replace(
            self, page=self.page + 1, cursor=cursor, cursors=(*self.cursors, self.cursor)
        )

    def before(self) -> Self:
        """Return the page before this one."""
        *rest, cursor = self.cursors or (None,)
        return replace(self, page=max(self.page - 1, 1), cursor=cursor, cursors=tuple(rest))

    def told(self, page: Page[Any]) -> str:
        """Return in words which part of the list `page` is."""
        total = f"{page.total:,}" + ("" if page.total_is_exact else "+")
        if not page.items:
            return "No runs"
        first = (self.page - 1) * PER_PAGE + 1
        return f"{first:,}–{first + len(page.items) - 1:,} of {total}"

    def _between(self, now: datetime, timezone: str) -> tuple[datetime | None, datetime | None]:
        if self.span:
            return now - _LENGTHS[self.span], None
        day = _date_of(self.day)
        if day is None:
            return None, None
        zone = load_zone(timezone)
        ends = [datetime.combine(at, time(), zone) for at in (day, day + timedelta(days=1))]
        return ends[0], ends[1]


def _date_of(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if date(2000, 1, 1) <= day <= date(9000, 1, 1) else None
