"""What administrators do: look at all accounts, shut and open them, and read the whole log."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from cronpp_app.clock import utc_now
from cronpp_app.errors import Conflict, NotAllowed, NotFound
from cronpp_app.services.accounts import Accounts
from cronpp_app.services.audit import (
    Audit,
    AuditAction,
    AuditEntry,
    AuditQuery,
    AuditTarget,
    FieldChange,
)
from cronpp_app.services.bulk import BulkJobs
from cronpp_app.services.identities import User, user_of
from cronpp_app.services.paging import Page, check_limit, page_of, read_cursor, write_cursor
from cronpp_app.store.departures import SoleAdmin
from cronpp_app.store.people import PeopleStore, Person, Unsettled

__all__ = ["Administration", "Person", "Role"]

log = logging.getLogger("cronpp.web")

_ORDER: Final = "people"
LONGEST_SEARCH: Final = 254
_DAY: Final = timedelta(days=1)
# Requests that had passed the gate before have ended by then, and sessions are remembered for 5 s.
SETTLED_AFTER: Final = timedelta(minutes=1)
# An administrator waits this long; upkeep does the rest of a large account.
_PATIENCE_SECONDS: Final = 10.0
_ONLY_ADMIN: Final = "This is the only administrator who can sign in; make somebody else one first."


class Role(StrEnum):
    """What somebody may do: with what is theirs, or with all accounts as well."""

    USER = "user"
    ADMIN = "admin"


class Administration:
    """Accounts of others; the first argument says who asks, and must be an administrator."""

    def __init__(
        self,
        store: PeopleStore,
        accounts: Accounts,
        bulk_jobs: BulkJobs,
        *,
        audit: Audit,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._bulk_jobs = bulk_jobs
        self._audit = audit
        self._clock = clock

    async def people(
        self, admin: User, *, beginning: str = "", limit: int = 50, cursor: str | None = None
    ) -> Page[Person]:
        """Return a page of accounts by e-mail address, those with this `beginning` only.

        Raises NotAllowed, InvalidInput.
        """
        await self.check(admin)
        check_limit(limit)
        wanted = beginning.strip().casefold()
        position = read_cursor(_ORDER, cursor)
        found, last = await self._store.page(
            wanted, limit=limit, after=position[1] if position else None
        )
        since = self._clock() - _DAY
        people = [await self._store.with_counts(one, since=since) for one in found]
        following = write_cursor(_ORDER, ("", last) if last else None)
        return page_of(people, next_cursor=following, counted=await self._store.count(wanted))

    async def person(self, admin: User, user_id: str) -> Person:
        """Return an account; raise NotAllowed, NotFound."""
        await self.check(admin)
        return await self._person(user_id)

    async def disable(self, admin: User, user_id: str) -> Person:
        """Shut an account: its sessions end, its tokens open nothing, its jobs are paused.

        Raises NotAllowed, NotFound, Conflict for one's own account and the only administrator.
        """
        await self.check(admin)
        if user_id == admin.id:
            raise Conflict("You cannot disable your own account; ask another administrator.")
        try:
            changed = await self._store.disable(user_id, now=self._clock())
        except SoleAdmin as error:
            raise Conflict(_ONLY_ADMIN) from error
        self._accounts.sessions.forget_ended(user_id)
        person = await self._person(user_id)
        if changed:
            await self._note(admin, AuditAction.ACCOUNT_DISABLED, person)
        await self._settle_soon(user_id)
        return await self._person(user_id)

    async def enable(self, admin: User, user_id: str) -> Person:
        """Open an account again; jobs that its shutting paused go on, nothing is caught up.

        Raises NotAllowed, NotFound.
        """
        await self.check(admin)
        changed = await self._store.enable(user_id, now=self._clock())
        person = await self._person(user_id)
        if changed:
            await self._note(admin, AuditAction.ACCOUNT_ENABLED, person)
        await self._settle_soon(user_id)
        return await self._person(user_id)

    async def set_role(self, admin: User, user_id: str, role: Role) -> Person:
        """Make somebody an administrator, or none; raise NotAllowed, NotFound, Conflict."""
        await self.check(admin)
        before = await self._person(user_id)
        try:
            changed = await self._store.set_role(user_id, role.value, now=self._clock())
        except SoleAdmin as error:
            raise Conflict(_ONLY_ADMIN) from error
        self._accounts.sessions.forget_user(user_id)
        if changed:
            change = FieldChange(field="role", before=before.role, after=role.value)
            await self._note(admin, AuditAction.ROLE_CHANGED, before, changes=[change])
        return await self._person(user_id)

    async def audit(self, admin: User, query: AuditQuery) -> Page[AuditEntry]:
        """Return a page of the whole audit log; raise NotAllowed, InvalidInput."""
        await self.check(admin)
        return await self._audit.everybodys(query)

    async def settle_all(self) -> None:
        """Have the jobs of accounts that were shut or opened follow, until all has settled."""
        for unsettled in await self._store.unsettled():
            await self._settle(unsettled)

    async def _settle_soon(self, user_id: str) -> None:
        """Have the jobs follow at once; what takes long, or goes wrong, is left to upkeep."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                for unsettled in await self._store.unsettled():
                    if unsettled.account.id == user_id:
                        await self._settle(unsettled)
        except Exception:  # the account is shut or open: it would be wrong to say that it is not
            log.warning("jobs of an account are left to upkeep", extra={"user_id": user_id})

    async def _settle(self, unsettled: Unsettled) -> None:
        user = user_of(unsettled.account)
        if unsettled.account.is_disabled:
            await self._bulk_jobs.suspend(user)
        else:
            await self._bulk_jobs.lift(user)
        # Once more when whatever was under way has ended: it may have brought a job back.
        if self._clock() - unsettled.since >= SETTLED_AFTER:
            await self._store.settle(user.id, since=unsettled.since)

    async def check(self, admin: User) -> None:
        """Raise NotAllowed unless `admin` is one at this moment, not only when they signed in."""
        now = await self._accounts.user(admin.id)
        if now is None or now.role != Role.ADMIN:
            raise NotAllowed("Only administrators may do this.")

    async def _person(self, user_id: str) -> Person:
        found = await self._store.get(user_id)
        if found is None:
            raise NotFound(f"There is no account {user_id}.")
        return await self._store.with_counts(found, since=self._clock() - _DAY)

    async def _note(
        self,
        admin: User,
        action: AuditAction,
        person: Person,
        *,
        changes: Sequence[FieldChange] = (),
    ) -> None:
        target = AuditTarget(kind="account", id=person.id, name=person.email)
        await self._audit.note(admin, action, target, changes=changes, owner_id=person.id)
