"""Which jobs a list shows: its state, as the address of the page tells it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self
from urllib.parse import urlencode

from components.jobs_bar import FILTERS
from cronpp_app.domain.jobs import JobStatus
from cronpp_app.services.jobs import LONGEST_SEARCH, JobQuery
from pages.turning import Turning

_PER_PAGE = 25
_SORTS = ("name", "next_run_time", "last_run", "created_at")
_DEFAULT_SORT = "next_run_time"
_FARTHEST_PAGE = 10_000
_LONGEST_TAG = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class JobList(Turning):
    """Filter, order and page of a list of jobs."""

    nothing: ClassVar[str] = "No jobs"

    size: int = _PER_PAGE
    status: str = ""
    words: str = ""
    tag: str = ""
    sort: str = _DEFAULT_SORT

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> Self:
        """Return the list that an address asks for; what makes no sense there is left out."""
        status, sort = parameters.get("status", ""), parameters.get("sort", _DEFAULT_SORT)
        page, cursor = parameters.get("page", "1"), parameters.get("after")
        at_page = page.isascii() and page.isdigit() and cursor and 1 < int(page) <= _FARTHEST_PAGE
        return cls(
            status=status if status in dict(FILTERS) else "",
            words=parameters.get("q", "")[:LONGEST_SEARCH],
            tag=parameters.get("tag", "")[:_LONGEST_TAG],
            sort=sort if sort.removeprefix("-") in _SORTS else _DEFAULT_SORT,
            page=int(page) if at_page else 1,
            cursor=cursor if at_page else None,
        )

    @property
    def is_filtered(self) -> bool:
        """Return whether jobs may exist that this list does not show."""
        return bool(self.status or self.words or self.tag)

    def is_other_than(self, other: "JobList") -> bool:
        """Return whether other jobs match; order and page do not matter."""
        return (self.status, self.words, self.tag) != (other.status, other.words, other.tag)

    def query(self) -> JobQuery:
        """Return the question to ask for this page of the list."""
        by_status = self.status in JobStatus.__members__
        return JobQuery(
            status=JobStatus(self.status) if by_status else None,
            failing=self.status == "failing",
            q=self.words,
            tag=self.tag or None,
            sort=self.sort,
            limit=self.size,
            cursor=self.cursor,
        )

    def address(self) -> str:
        """Return the path that leads to this very list."""
        parts = {"status": self.status, "q": self.words, "tag": self.tag}
        parts |= {"sort": self.sort} if self.sort != _DEFAULT_SORT else {}
        parts |= {"page": str(self.page), "after": self.cursor} if self.cursor else {}
        parts = {name: value for name, value in parts.items() if value}
        return f"/jobs?{urlencode(parts)}" if parts else "/jobs"

    def narrowed(
        self, *, status: str | None = None, words: str | None = None, tag: str | None = None
    ) -> Self:
        """Return the list with another filter or search, from its first page."""
        status = self.status if status is None else status
        words = self.words if words is None else words[:LONGEST_SEARCH]
        tag = self.tag if tag is None else tag
        return replace(self.first(), status=status, words=words, tag=tag)

    def sorted_by(self, field: str) -> Self:
        """Return the list in another order; the same field again turns it around."""
        return replace(self.first(), sort=f"-{field}" if self.sort == field else field)
