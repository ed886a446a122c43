"""Sessions of people who signed in: begun, recognised, listed and ended."""

import hashlib
import re
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cronpp_app.clock import monotonic
from cronpp_app.errors import NotFound
from cronpp_app.services.audit import Audit, AuditAction
from cronpp_app.services.identities import Identity, SignedIn, user_of
from cronpp_app.services.paging import (
    COUNTED_TO,
    Page,
    check_limit,
    page_of,
    read_cursor,
    write_cursor,
)
from cronpp_app.store.accounts import Account, AccountStore
from cronpp_app.store.sessions import Session, SessionFilter

__all__ = ["Belongs", "Device", "Session", "SessionLimits", "Sessions"]

# A use is noted when the last one noted is this old: not at every request.
_USE_NOTED_EVERY = timedelta(minutes=5)
_REMEMBERED_SECONDS = 5.0
_REMEMBERED_SESSIONS = 10_000
LONGEST_AGENT = 256
_ORDER = "sessions"
_UNFIT = re.compile(r"[^\x20-\x7e]")

# Picks the sessions that something concerns.
Belongs = Callable[[Identity], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """Where somebody signs in: the network address, and what the program there calls itself."""

    address: str = "unknown"
    agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLimits:
    """How long a session lasts, however much it is used, and how long without use."""

    lasts: timedelta = timedelta(days=30)
    idle: timedelta = timedelta(days=14)


class Sessions:
    """The sessions of all people; whoever asks is named by an identity."""

    def __init__(
        self,
        store: AccountStore,
        limits: SessionLimits,
        *,
        audit: Audit,
        clock: Callable[[], datetime],
    ) -> None:
        self._accounts = store
        self._store = store.sessions
        self._limits = limits
        self._audit = audit
        self._clock = clock
        self._known = _KnownSessions()
        self._listeners: list[Callable[[Belongs], None]] = []

    def when_ended(self, listener: Callable[[Belongs], None]) -> None:
        """Have `listener` told at once which sessions were ended by this process."""
        self._listeners.append(listener)

    async def begin(self, account: Account, device: Device) -> SignedIn:
        """Return a new session of `account`."""
        token = secrets.token_urlsafe(32)
        now = self._clock()
        session = Session(
            id=_session_id(token),
            user_id=account.id,
            epoch=account.session_epoch,
            created_at=now,
            seen_at=now,
            expires_at=now + self._limits.lasts,
            address=device.address,
            agent=_UNFIT.sub("", device.agent)[:LONGEST_AGENT].strip(),
        )
        await self._store.add(session)
        return SignedIn(token=token, expires_at=session.expires_at, user=user_of(account))

    async def identify(self, token: str) -> Identity | None:
        """Return who holds `token`, or None if it is not (or no longer) valid.

        Remembered for a few seconds; what this process ends is felt at once.
        """
        session_id = _session_id(token)
        known = self._known.get(session_id)
        if known is not None:
            return known if known.expires_at > self._clock() else None
        mark = self._known.mark
        identity = await self._looked_up(session_id)
        if identity is not None and mark == self._known.mark:
            self._known.put(session_id, identity)
        return identity

    async def list(
        self, identity: Identity, *, limit: int = 50, cursor: str | None = None
    ) -> Page[Session]:
        """Return a page of the sessions of this person, the newest first; raise InvalidInput."""
        check_limit(limit)
        after = read_cursor(_ORDER, cursor)
        account = await self._accounts.by_id(identity.user.id)
        if account is None:
            return page_of((), next_cursor=None, counted=0)
        now = self._clock()
        which = SessionFilter(
            user_id=account.id,
            epoch=account.session_epoch,
            alive_at=now,
            seen_after=now - self._limits.idle,
        )
        found, last = await self._store.page(which, limit=limit, after=after)
        counted = await self._store.count(which, limit=COUNTED_TO + 1)
        return page_of(found, next_cursor=write_cursor(_ORDER, last), counted=counted)

    async def end(self, identity: Identity, session_id: str) -> None:
        """End a session of this person, on whatever device. Raises NotFound."""
        if not await self._store.end(identity.user.id, session_id):
            raise NotFound(f"There is no session {session_id}.")
        self._ended(lambda seen: seen.session_id == session_id)
        await self._audit.note(identity.user, AuditAction.SESSION_ENDED)

    async def end_others(self, identity: Identity) -> None:
        """End all sessions of this person but the one that asks."""
        await self._end_others(identity)
        await self._audit.note(identity.user, AuditAction.OTHER_SESSIONS_ENDED)

    async def _end_others(self, identity: Identity) -> None:
        user_id, kept = identity.user.id, identity.session_id
        await self._store.end_all(user_id, but=kept)
        self._ended(lambda seen: seen.user.id == user_id and seen.session_id != kept)

    async def end_all(self, user_id: str) -> None:
        """End every session of this person, on every device."""
        await self._accounts.end_epoch(user_id)
        await self._store.end_all(user_id)
        self.forget_ended(user_id)

    async def end_this(self, identity: Identity) -> None:
        """End the session that asks; one that has ended already is as good."""
        await self._store.end(identity.user.id, identity.session_id)
        self._ended(lambda seen: seen.session_id == identity.session_id)

    async def keep_only(self, identity: Identity, *, epoch: int) -> None:
        """Carry the session that asks over into a new epoch, and end all others."""
        await self._store.keep(identity.session_id, epoch=epoch)
        await self._end_others(identity)
        self.forget_user(identity.user.id)

    def forget_ended(self, user_id: str) -> None:
        """Take notice that every session of this person has ended, with their account or not."""
        self._ended(lambda seen: seen.user.id == user_id)

    def forget_user(self, user_id: str) -> None:
        """Look the sessions of this person up again: their account has changed."""
        self._known.forget(lambda seen: seen.user.id == user_id)

    def _ended(self, belongs: Belongs) -> None:
        self._known.forget(belongs)
        for listener in self._listeners:
            listener(belongs)

    async def _looked_up(self, session_id: str) -> "_Known | None":
        now = self._clock()
        session = await self._store.get(session_id, now=now)
        if session is None or now - session.seen_at >= self._limits.idle:
            return None
        account = await self._accounts.by_id(session.user_id)
        if account is None or account.is_disabled or session.epoch != account.session_epoch:
            return None
        if now - session.seen_at >= _USE_NOTED_EVERY:
            await self._store.note_use(session_id, now=now)
        ends_at = min(session.expires_at, now + self._limits.idle)
        return _Known(user=user_of(account), session_id=session_id, expires_at=ends_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known(Identity):
    expires_at: datetime


class _KnownSessions:
    """Sessions looked up in the last few seconds; `mark` tells whether any was forgotten since."""

    def __init__(self) -> None:
        self._entries: OrderedDict[str, tuple[float, _Known]] = OrderedDict()
        self.mark = 0

    def get(self, session_id: str) -> _Known | None:
        seen_at, known = self._entries.get(session_id, (0.0, None))
        return known if known and monotonic() - seen_at < _REMEMBERED_SECONDS else None

    def put(self, session_id: str, known: _Known) -> None:
        self._entries.pop(session_id, None)
        self._entries[session_id] = (monotonic(), known)
        if len(self._entries) > _REMEMBERED_SESSIONS:
            self._entries.popitem(last=False)

    def forget(self, belongs: Belongs) -> None:
        self.mark += 1
        for session_id in [k for k, (_, known) in self._entries.items() if belongs(known)]:
            del self._entries[session_id]


def _session_id(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
