"""The account under settings: its sessions, and leaving for good."""

from components.settings_account import LeavingSettings
from components.settings_sessions import SessionRow, SessionSettings
from components.words import epoch_ms
from cronpp_app.errors import InvalidInput
from cronpp_app.services.accounts import User
from pages.visitor import Visitor

_MOST = 50


class SessionKeeping:
    """Shows where somebody is signed in, and ends that."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self._sessions = visitor.services.accounts.sessions

    async def draw(self) -> None:
        """Draw the sessions."""
        guarded = self._visitor.guarded
        self._settings = SessionSettings(
            on_end=guarded(self._end), on_end_others=guarded(self._end_others)
        )
        await self._show()

    async def _show(self) -> None:
        identity = await self._visitor.identity()
        page = await self._sessions.list(identity, limit=_MOST)
        rows = [
            SessionRow(
                id=session.id,
                agent=session.agent,
                address=session.address,
                began=epoch_ms(session.created_at),
                last_seen=epoch_ms(session.seen_at),
                is_this_one=session.id == identity.session_id,
            )
            for session in page.items
        ]
        self._settings.show(rows, unseen=page.total - len(rows))

    async def _end(self, _: User, session_id: str) -> None:
        await self._sessions.end(await self._visitor.identity(), session_id)
        await self._show()
        self._visitor.tell("The session has ended; its open pages are closed.")

    async def _end_others(self, _: User) -> None:
        await self._sessions.end_others(await self._visitor.identity())
        await self._show()
        self._visitor.tell("All other sessions have ended.")


class LeavingKeeping:
    """Deletes the account of the person who looks."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        email = visitor.user.email
        self._settings = LeavingSettings(email, on_leave=visitor.guarded(self._leave))

    async def _leave(self, _: User, password: str) -> None:
        departures = self._visitor.services.departures
        try:
            # With its sessions end its pages: this one leads to the login, too.
            await departures.leave(await self._visitor.identity(), password=password)
        except InvalidInput as error:
            self._settings.show_errors(error.errors)
