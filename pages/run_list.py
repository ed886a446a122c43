"""Which runs a list shows: its state, as the address of the page tells it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar, Self
from urllib.parse import urlencode

from components.runs_bar import SPANS, STATUSES, TRIGGERS
from cronpp_app.domain.runs import RunStatus, Trigger
from cronpp_app.services.runs import RunQuery
from pages.run_span import between, date_of
from pages.turning import Turning

PER_PAGE = 25
_NAMES = ("status", "trigger", "span", "day", "job")
_LONGEST_ID = 100
_CHOICES = {"status": STATUSES, "trigger": TRIGGERS, "span": SPANS}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunList(Turning):
    """Filters and page of a list of runs; `day` is YYYY-MM-DD on the reader's calendar."""

    nothing: ClassVar[str] = "No runs"

    size: int = PER_PAGE
    status: str = ""
    trigger: str = ""
    span: str = ""
    day: str = ""
    job: str = ""

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> Self:
        """Return the list that an address asks for; what makes no sense there is left out."""
        status, trigger, span = (
            value if (value := parameters.get(name, "")) in options else ""
            for name, options in _CHOICES.items()
        )
        job, day = parameters.get("job", "")[:_LONGEST_ID], parameters.get("day", "")
        day = day if date_of(day) else ""
        return cls(status=status, trigger=trigger, span=span, job=job, day=day)

    @property
    def values(self) -> dict[str, str]:
        """Return the filters by name; empty is any."""
        return {name: getattr(self, name) for name in _NAMES}

    def address(self, path: str, *, job_is_given: bool) -> str:
        """Return `path` with the filters of this list; without the job where that is known."""
        parts = {name: value for name, value in self.values.items() if value}
        if job_is_given:
            parts.pop("job", None)
        return f"{path}?{urlencode(parts)}" if parts else path

    def query(self, *, now: datetime, timezone: str) -> RunQuery:
        """Return the question to ask for this page of the list."""
        since, until = between(self.span, self.day, now=now, timezone=timezone)
        return RunQuery(
            job_id=self.job or None,
            status=RunStatus(self.status) if self.status else None,
            trigger=Trigger(self.trigger) if self.trigger else None,
            since=since,
            until=until,
            limit=self.size,
            cursor=self.cursor,
        )

    def narrowed(self, name: str, value: str) -> Self:
        """Return the list with another filter, from its first page; a day and a span exclude."""
        if name not in _NAMES or (name in _CHOICES and value not in _CHOICES[name]):
            return self
        if name == "day" and not date_of(value):
            value = ""
        others = {"day": "span", "span": "day"}
        changes: dict[str, Any] = {name: value} | (
            {others[name]: ""} if name in others and value else {}
        )
        return replace(self.first(), **changes)
