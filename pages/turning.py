"""Where somebody is in a list that is read page by page."""

from dataclasses import dataclass, replace
from typing import Any, Self

from cronpp_app.services.paging import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Turning:
    """The page that is seen, the first one is 1; `cursors` are those of the pages before."""

    size: int
    page: int = 1
    cursor: str | None = None
    cursors: tuple[str | None, ...] = ()

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
        if not page.items:
            return "None"
        total = f"{page.total:,}" + ("" if page.total_is_exact else "+")
        first = (self.page - 1) * self.size + 1
        return f"{first:,}–{first + len(page.items) - 1:,} of {total}"
