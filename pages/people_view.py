"""The accounts on the page of administrators: looked at, shut, opened, made administrators."""

from collections.abc import Callable
from typing import Any

from components.ask import ask
from components.confirm import confirm
from components.jobs_bar import Pager
from components.people_table import PersonRow, people_bar, people_table
from components.words import epoch_ms
from cronpp_app.services.accounts import User
from cronpp_app.services.administration import Person, Role
from cronpp_app.services.paging import Page
from pages.turning import Turning
from pages.visitor import Visitor

_PER_PAGE = 20


class PeopleView:
    """The list of accounts; `on_only` is called with a person whose acts are to be seen."""

    def __init__(self, visitor: Visitor, *, on_only: Callable[[str, str], Any]) -> None:
        self._visitor = visitor
        self._administration = visitor.services.administration
        self._words = ""
        self._at = Turning(size=_PER_PAGE)
        self._page: Page[Person] | None = None
        guarded = visitor.guarded
        people_bar(guarded(self._search))
        self._table = people_table(
            on_role=guarded(self._ask_role), on_access=guarded(self._ask_access), on_only=on_only
        )
        self._pager = Pager(on_before=guarded(self._before), on_next=guarded(self._next))

    async def load(self, user: User) -> None:
        """Show the wanted part of the list, as it is now."""
        words, at = self._words, self._at
        page = await self._administration.people(
            user, beginning=words, limit=_PER_PAGE, cursor=at.cursor
        )
        if (words, at) != (self._words, self._at):  # somebody has typed on meanwhile
            return
        self._page = page
        self._table.show([_row(one, user).row() for one in page.items], sort="")
        self._table.element.set_visibility(bool(page.items))
        has_next = page.next_cursor is not None
        self._pager.show(at.told(page), has_before=at.page > 1, has_next=has_next)

    async def _search(self, user: User, words: str | None) -> None:
        self._words, self._at = words or "", Turning(size=_PER_PAGE)
        await self.load(user)

    async def _before(self, user: User) -> None:
        self._at = self._at.before()
        await self.load(user)

    async def _next(self, user: User) -> None:
        if self._page is not None and self._page.next_cursor:
            self._at = self._at.following(self._page.next_cursor)
            await self.load(user)

    async def _ask_role(self, _: User, user_id: str, email: str, is_admin: bool) -> None:
        role = Role.USER if is_admin else Role.ADMIN

        async def change(now: User) -> None:
            await self._administration.set_role(now, user_id, role)
            self._visitor.tell(f"{email} is {_ROLES[role]} now.")
            await self.load(now)

        with self._visitor.client:
            confirm(
                f"Make {email} {_ROLES[role]}?",
                _MEANS[role],
                action="Make a user" if is_admin else "Make an administrator",
                on_yes=self._visitor.guarded(change),
            )

    async def _ask_access(self, user: User, user_id: str, email: str, is_disabled: bool) -> None:
        if is_disabled:
            await self._administration.enable(user, user_id)
            self._visitor.tell(f"{email} can sign in again; paused jobs go on.")
            await self.load(user)
            return

        async def disable(now: User) -> None:
            await self._administration.disable(now, user_id)
            self._visitor.tell(f"{email} is disabled.")
            await self.load(now)

        with self._visitor.client:
            ask(
                f"Disable {email}?",
                "Their sessions end at once, their API tokens open nothing, and their jobs are "
                "paused until you enable the account again. Nothing is deleted.",
                action="Disable account",
                on_yes=self._visitor.guarded(disable),
            )


_ROLES = {Role.USER: "a user", Role.ADMIN: "an administrator"}
_MEANS = {
    Role.ADMIN: "Administrators see all accounts, workers and the audit log, and can disable "
    "accounts and change roles, yours too. Jobs and secrets of others stay hidden.",
    Role.USER: "They keep their jobs, and lose sight of other accounts and the audit log.",
}


def _row(person: Person, me: User) -> PersonRow:
    return PersonRow(
        id=person.id,
        email=person.email,
        is_admin=person.role == Role.ADMIN,
        is_disabled=person.disabled_at is not None,
        is_me=person.id == me.id,
        since=epoch_ms(person.created_at) or 0,
        signed_in=epoch_ms(person.signed_in_at),
        jobs=person.jobs,
        runs_24h=person.runs_24h,
    )
