"""What administrators do to accounts: shut and open them, make and unmake administrators."""

from collections.abc import Awaitable, Callable

from components.ask import ask
from components.confirm import confirm
from cronpp_app.services.accounts import User
from cronpp_app.services.administration import Role
from pages.visitor import Visitor

_ROLES = {Role.USER: "a user", Role.ADMIN: "an administrator"}
_MEANS = {
    Role.ADMIN: "Administrators see all accounts, workers and the audit log, and can disable "
    "accounts and change roles, yours too. Jobs and secrets of others stay hidden.",
    Role.USER: "They keep their jobs, but no longer see other accounts or the audit log.",
}


class PeopleActs:
    """Changes accounts, after a question where it weighs much; `on_done` shows what is now."""

    def __init__(self, visitor: Visitor, *, on_done: Callable[[User], Awaitable[None]]) -> None:
        self._visitor = visitor
        self._administration = visitor.services.administration
        self._on_done = on_done

    async def ask_role(self, _: User, user_id: str, email: str, is_admin: bool) -> None:
        """Ask, and make an administrator a user or a user an administrator."""
        role = Role.USER if is_admin else Role.ADMIN

        async def change(now: User) -> None:
            await self._administration.set_role(now, user_id, role)
            self._visitor.tell(f"{email} is {_ROLES[role]} now.")
            await self._on_done(now)

        with self._visitor.client:
            confirm(
                f"Make {email} {_ROLES[role]}?",
                _MEANS[role],
                action="Make a user" if is_admin else "Make an administrator",
                on_yes=self._visitor.guarded(change),
            )

    async def ask_access(self, user: User, user_id: str, email: str, is_disabled: bool) -> None:
        """Open an account that is shut at once; ask before shutting one."""
        if is_disabled:
            await self._administration.enable(user, user_id)
            self._visitor.tell(f"{email} can sign in again; the jobs paused for this go on.")
            await self._on_done(user)
            return

        async def disable(now: User) -> None:
            await self._administration.disable(now, user_id)
            self._visitor.tell(f"{email} is disabled.")
            await self._on_done(now)

        with self._visitor.client:
            ask(
                f"Disable {email}?",
                "Their sessions end at once, their API tokens stop working, and their jobs are "
                "paused until you enable the account again. Nothing is deleted.",
                action="Disable account",
                on_yes=self._visitor.guarded(disable),
            )
