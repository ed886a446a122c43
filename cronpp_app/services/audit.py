"""The audit log: noted by the services where something is changed, read by people."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from cronpp_app.clock import utc_now
from cronpp_app.domain.audit import AuditAction, AuditEntry, AuditTarget, FieldChange
from cronpp_app.domain.jobs import Job
from cronpp_app.domain.runs import Run
from cronpp_app.services.acting import acting
from cronpp_app.services.identities import User, user_of
from cronpp_app.services.paging import (
    COUNTED_TO,
    Page,
    check_limit,
    page_of,
    read_cursor,
    write_cursor,
)
from cronpp_app.store.accounts import Account
from cronpp_app.store.audit import AuditFilter, AuditStore
from cronpp_app.store.database import new_id

__all__ = ["Audit", "AuditAction", "AuditEntry", "AuditQuery", "AuditTarget", "FieldChange"]

_ORDER: Final = "audit"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """Which entries, the newest first; of everybody's those of or by `user_id`."""

    action: AuditAction | None = None
    user_id: str | None = None
    limit: int = 50
    cursor: str | None = None


class Audit:
    """Notes what was done when it is done, in the same call: whoever is answered is noted."""

    def __init__(self, store: AuditStore, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._store = store
        self._clock = clock

    async def note(
        self,
        actor: User,
        action: AuditAction,
        target: AuditTarget | None = None,
        *,
        changes: Sequence[FieldChange] = (),
        count: int | None = None,
        owner_id: str | None = None,
    ) -> None:
        """Note that `actor` has done something to what is theirs, or belongs to `owner_id`."""
        entry = self._entry(action, target)
        await self._store.add(
            replace(
                entry,
                user_id=owner_id or actor.id,
                actor_id=actor.id,
                actor=actor.email,
                changes=tuple(changes),
                count=count,
            )
        )

    async def note_refusal(self, account: Account | None) -> None:
        """Note a sign-in that was refused: to `account`, or to an address that has none."""
        user = user_of(account) if account else None
        entry = self._entry(AuditAction.SIGN_IN_REFUSED, account_target(user) if user else None)
        await self._store.add(replace(entry, user_id=user.id if user else None))

    async def note_departure(self) -> None:
        """Note that somebody deleted their account; who it was is no longer known."""
        entry = self._entry(AuditAction.ACCOUNT_DELETED, None)
        await self._store.add(replace(entry, address=None))

    async def forget(self, user_id: str) -> None:
        """Remove what concerns a person who is gone, and their name from what they did."""
        await self._store.forget(user_id)

    async def own(self, user: User, query: AuditQuery) -> Page[AuditEntry]:
        """Return a page of what concerns `user` or was done by them; raise InvalidInput.

        Where others acted from is not told.
        """
        page = await self.everybodys(replace(query, user_id=user.id))
        seen = [
            entry if entry.actor_id in (user.id, None) else replace(entry, address=None)
            for entry in page.items
        ]
        return replace(page, items=tuple(seen))

    async def everybodys(self, query: AuditQuery) -> Page[AuditEntry]:
        """Return a page of all entries; who may see it is decided before. Raises InvalidInput."""
        check_limit(query.limit)
        which = AuditFilter(user_id=query.user_id, action=query.action)
        after = read_cursor(_ORDER, query.cursor)
        found, last = await self._store.page(which, limit=query.limit, after=after)
        counted = await self._store.count(which, limit=COUNTED_TO + 1)
        return page_of(found, next_cursor=write_cursor(_ORDER, last), counted=counted)

    def _entry(self, action: AuditAction, target: AuditTarget | None) -> AuditEntry:
        way = acting()
        return AuditEntry(
            id=new_id(),
            at=self._clock(),
            action=action,
            user_id=None,
            actor_id=None,
            actor="",
            via=way.via,
            token=way.token,
            address=way.address,
            target=target,
        )


def job_target(job: Job) -> AuditTarget:
    """Return a job as what was acted on."""
    return AuditTarget(kind="job", id=job.id, name=job.definition.name)


def run_target(run: Run) -> AuditTarget:
    """Return a run as what was acted on; it is called as its job."""
    return AuditTarget(kind="run", id=run.id, name=run.job_name)


def account_target(user: User) -> AuditTarget:
    """Return an account as what was acted on."""
    return AuditTarget(kind="account", id=user.id, name=user.email)
