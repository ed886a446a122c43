"""The audit log on the page of administrators."""

from components.audit_table import AuditBar, audit_row, audit_table
from components.empty import empty_state
from cronpp_app.services.accounts import User
from cronpp_app.services.audit import AuditAction, AuditQuery
from pages.turning import Turner, Turning
from pages.visitor import Visitor

_PER_PAGE = 25


class AuditView:
    """The log, of everybody or one person, of everything or one action."""

    def __init__(self, visitor: Visitor) -> None:
        self._administration = visitor.services.administration
        self._action: AuditAction | None = None
        self._user_id: str | None = None
        self._at = Turning(size=_PER_PAGE)
        guarded = visitor.guarded
        self._bar = AuditBar(
            on_action=guarded(self._narrow), on_everybody=guarded(self._show_everybody)
        )
        self._table = audit_table()
        self._nothing = empty_state("Nothing here", "No entry matches.", icon_name="scroll-text")
        self._turner = Turner(visitor, go=self._turn)

    async def load(self, user: User) -> None:
        """Show the wanted part of the log, as it is now."""
        wanted = self._wanted()
        page = await self._administration.audit(user, wanted)
        if wanted != self._wanted():  # somebody has asked for something else meanwhile
            return
        self._table.show([audit_row(entry) for entry in page.items], sort="")
        self._table.element.set_visibility(bool(page.items))
        self._nothing.set_visibility(not page.items)
        self._turner.show(self._at, page)

    async def look(self, user: User) -> None:
        """Show what has come since, to somebody who looks at the beginning of the log."""
        if self._at.is_first_page:
            await self.load(user)

    async def show_person(self, user: User, user_id: str, email: str) -> None:
        """Show only what concerns a person or was done by them."""
        self._user_id = user_id or None
        self._bar.show_person(email)
        await self._turn(user, self._at.first())

    def _wanted(self) -> AuditQuery:
        return AuditQuery(
            action=self._action, user_id=self._user_id, limit=_PER_PAGE, cursor=self._at.cursor
        )

    async def _turn(self, user: User, at: Turning) -> None:
        self._at = at
        await self.load(user)

    async def _narrow(self, user: User, action: str) -> None:
        self._action = AuditAction(action) if action else None
        await self._turn(user, self._at.first())

    async def _show_everybody(self, user: User) -> None:
        await self.show_person(user, "", "")
