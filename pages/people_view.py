"""The accounts on the page of administrators: who is here, and the search for them."""

from collections.abc import Callable
from typing import Any

from components.people_table import PersonRow, people_bar, people_table
from components.words import epoch_ms
from cronpp_app.services.accounts import User
from cronpp_app.services.administration import Person, Role
from pages.people_acts import PeopleActs
from pages.turning import Turner, Turning
from pages.visitor import Visitor

_PER_PAGE = 20


class PeopleView:
    """The list of accounts; `on_only` is called with a person whose acts are to be seen."""

    def __init__(self, visitor: Visitor, *, on_only: Callable[[str, str], Any]) -> None:
        self._visitor = visitor
        self._administration = visitor.services.administration
        self._words = ""
        self._at = Turning(size=_PER_PAGE)
        guarded = visitor.guarded
        acts = PeopleActs(visitor, on_done=self.load)
        people_bar(guarded(self._search))
        self._table = people_table(
            on_role=guarded(acts.ask_role), on_access=guarded(acts.ask_access), on_only=on_only
        )
        self._turner = Turner(visitor, go=self._turn)

    async def load(self, user: User) -> None:
        """Show the wanted part of the list, as it is now."""
        words, at = self._words, self._at
        page = await self._administration.people(
            user, beginning=words, limit=_PER_PAGE, cursor=at.cursor
        )
        if (words, at) != (self._words, self._at):  # somebody has typed on meanwhile
            return
        self._table.show([_row(one, user).row() for one in page.items], sort="")
        self._table.element.set_visibility(bool(page.items))
        self._turner.show(at, page)

    async def _turn(self, user: User, at: Turning) -> None:
        self._at = at
        await self.load(user)

    async def _search(self, user: User, words: str | None) -> None:
        self._words = words or ""
        await self._turn(user, self._at.first())


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
