"""Where somebody is in a list that is read page by page, and the way through it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic, Self, TypeVar

from components.pager import Pager
from cronpp_app.services.accounts import User
from cronpp_app.services.paging import Page
from pages.visitor import Visitor


@dataclass(frozen=True, slots=True, kw_only=True)
class Turning:
    """The page that is seen, the first one is 1; `cursors` lead to the pages that were passed."""

    nothing: ClassVar[str] = "None"

    size: int
    page: int = 1
    cursor: str | None = None
    cursors: tuple[str | None, ...] = ()

    @property
    def is_first_page(self) -> bool:
        """Return whether this is where the list begins."""
        return self.cursor is None

    def first(self) -> Self:
        """Return the first page."""
        return replace(self, page=1, cursor=None, cursors=())

    def following(self, cursor: str) -> Self:
        """Return the next page, which begins at `cursor`."""
        return replace(
            self, page=self.page + 1, cursor=cursor, cursors=(*self.cursors, self.cursor)
        )

    def before(self) -> Self:
        """Return the page before this one; the first one if the way here is not known."""
        if not self.cursors:
            return self.first()
        *rest, cursor = self.cursors
        return replace(self, page=self.page - 1, cursor=cursor, cursors=tuple(rest))

    def told(self, page: Page[Any]) -> str:
        """Return in words which part of the list `page` is."""
        if not page.items:
            return self.nothing
        total = f"{page.total:,}" + ("" if page.total_is_exact else "+")
        first = (self.page - 1) * self.size + 1
        return f"{first:,}–{first + len(page.items) - 1:,} of {total}"


At = TypeVar("At", bound=Turning)


class Turner(Generic[At]):
    """Draws the way through a list; `go` gets the page that is asked for."""

    def __init__(self, visitor: Visitor, *, go: Callable[[User, At], Awaitable[None]]) -> None:
        self._go = go
        self._at: At | None = None
        self._next_cursor: str | None = None
        self._pager = Pager(
            on_before=visitor.guarded(self._before), on_next=visitor.guarded(self._next)
        )

    def show(self, at: At, page: Page[Any]) -> None:
        """Show that `page` is what is seen `at` a place in the list."""
        self._at, self._next_cursor = at, page.next_cursor
        has_next = page.next_cursor is not None
        self._pager.show(at.told(page), has_before=at.page > 1, has_next=has_next)

    async def _before(self, user: User) -> None:
        if self._at is not None:
            await self._go(user, self._at.before())

    async def _next(self, user: User) -> None:
        if self._at is not None and self._next_cursor:
            await self._go(user, self._at.following(self._next_cursor))
