"""Accounts of people: signing up, in and out, and what they may change about themselves."""

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cronpp_app.clock import monotonic, utc_now
from cronpp_app.domain.zones import InvalidZone, check_timezone
from cronpp_app.errors import Conflict, FieldError, InvalidInput, NotAllowed, NotSignedIn
from cronpp_app.services.credentials import checked_signup, normal_email
from cronpp_app.services.login_guard import LoginGuard
from cronpp_app.services.passwords import LONGEST, Hasher, check_password
from cronpp_app.settings import Signup
from cronpp_app.store.accounts import (
    Account,
    AccountStore,
    EmailTaken,
    FounderExists,
    Session,
)

# A use is noted when the last one noted is this old: not at every request.
_USE_NOTED_EVERY = timedelta(minutes=5)
_REMEMBERED_SECONDS = 5.0
_REMEMBERED_SESSIONS = 10_000
_WRONG = "The e-mail address or the password is wrong."


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person with an account; `role` is "admin" or "user"."""

    id: str
    email: str
    role: str
    timezone: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """The answer to a sign-in: the only time that the token is seen."""

    token: str
    expires_at: datetime
    user: User


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who makes a request; `session_id` is the SHA-256 of the token, never the token.

    `scope` is "read" or "write" for somebody who came with an API token, None in a session.
    """

    user: User
    session_id: str
    scope: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLimits:
    """How long a session lasts, however much it is used, and how long without use."""

    lasts: timedelta = timedelta(days=30)
    idle: timedelta = timedelta(days=14)


class Accounts:
    """What people do with their accounts."""

    def __init__(
        self,
        store: AccountStore,
        guard: LoginGuard,
        *,
        signup: Signup = Signup.OPEN,
        limits: SessionLimits | None = None,
        hasher: Hasher | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self._guard = guard
        self._signup = signup
        self._limits = limits or SessionLimits()
        self._hasher = hasher or Hasher()
        self._clock = clock
        self._known = _KnownSessions()

    @property
    def signup_policy(self) -> Signup:
        """Return who may make an account."""
        return self._signup

    async def accepts_signups(self) -> bool:
        """Return whether somebody may make an account now."""
        if self._signup is Signup.FIRST:
            return not await self._store.has_founder()
        return self._signup is Signup.OPEN

    async def signup(self, email: str, password: str, *, origin: str = "unknown") -> SignedIn:
        """Make an account and sign in; the first account is the admin's.

        `origin` is the client's network address. Raises InvalidInput, NotAllowed where signing up
        is closed, Conflict if the e-mail address has an account, TooMany after many from there.
        """
        if not await self.accepts_signups():
            raise NotAllowed("Signing up is closed here; ask the administrator for an account.")
        address = checked_signup(email, password)
        await self._guard.admit_signup(origin)
        account = await self._add(address, await self._hasher.hash(password))
        return await self._sign_in(account)

    async def login(self, email: str, password: str, *, origin: str) -> SignedIn:
        """Start a session for somebody at the network address `origin`.

        Raises NotSignedIn in the same words and time for every reason, TooMany before the
        password is looked at.
        """
        address = normal_email(email)
        async with self._guard.signing_in(address or email, origin):
            account = await self._checked(address, password)
        return await self._sign_in(account)

    async def _checked(self, address: str | None, password: str) -> Account:
        """Return the account that has this address and password, or raise NotSignedIn."""
        account = await self._store.by_email(address) if address else None
        hashed = account.password_hash if account else None
        if not await self._hasher.matches(password[: LONGEST + 1], hashed) or account is None:
            raise NotSignedIn(_WRONG)
        if self._hasher.is_outdated(account.password_hash):
            await self._store.refresh_hash(
                account.id,
                old_hash=account.password_hash,
                new_hash=await self._hasher.hash(password),
            )
        return account

    async def identify(self, token: str) -> Identity | None:
        """Return who holds `token`, or None if it is not (or no longer) valid.

        Remembered for a few seconds; signing out in this process is felt at once.
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

    async def user(self, user_id: str) -> User | None:
        """Return the person of an account that may be used, or None."""
        account = await self._store.by_id(user_id)
        return _user(account) if account else None

    async def logout(self, identity: Identity) -> None:
        """End this session."""
        await self._store.end_session(identity.session_id)
        self._known.forget(identity.session_id)

    async def logout_all(self, identity: Identity) -> None:
        """End every session of this account, on every device."""
        await self._store.end_epoch(identity.user.id)
        await self._store.end_sessions(identity.user.id)
        self._known.forget_user(identity.user.id)

    async def change_password(self, identity: Identity, *, current: str, new: str) -> None:
        """Replace the password; every other session ends in the same write.

        Raises InvalidInput naming `current` or `new`, Conflict if it was changed meanwhile,
        TooMany after too many wrong ones.
        """
        account = await self._store.by_id(identity.user.id)
        if account is None:
            raise NotSignedIn("This account no longer exists.")
        async with self._guard.changing(account.id):
            if not await self._hasher.matches(current[: LONGEST + 1], account.password_hash):
                raise InvalidInput(FieldError("current", "Is not your present password."))
        check_password(new, email=account.email, field="new")
        changed = await self._store.set_password(
            account.id, old_hash=account.password_hash, new_hash=await self._hasher.hash(new)
        )
        if changed is None:
            raise Conflict("The password was changed by somebody else just now.")
        await self._store.keep_session(identity.session_id, epoch=changed.session_epoch)
        await self._store.end_sessions(account.id, but=identity.session_id)
        self._known.forget_user(account.id)

    async def set_timezone(self, identity: Identity, timezone: str) -> User:
        """Set the zone in which this person reads times; raise InvalidInput if it is unknown."""
        try:
            check_timezone(timezone)
        except InvalidZone as error:
            raise InvalidInput(FieldError("timezone", str(error))) from error
        account = await self._store.set_timezone(identity.user.id, timezone)
        if account is None:
            raise NotSignedIn("This account no longer exists.")
        self._known.forget_user(account.id)
        return _user(account)

    async def _add(self, email: str, password_hash: str) -> Account:
        # Where only the first may sign up, everybody tries to be the first: the index decides.
        first = self._signup is Signup.FIRST or not await self._store.has_founder()
        try:
            return await self._store.add(
                email=email,
                password_hash=password_hash,
                role="admin" if first else "user",
                founder=first,
                now=self._clock(),
            )
        except EmailTaken as error:
            raise Conflict("This e-mail address has an account; sign in instead.") from error
        except FounderExists as error:  # somebody was faster with the first account
            if self._signup is Signup.FIRST:
                raise NotAllowed("Signing up is closed here; the first account is made.") from error
            return await self._add(email, password_hash)

    async def _sign_in(self, account: Account) -> SignedIn:
        token = secrets.token_urlsafe(32)
        now = self._clock()
        session = Session(
            id=_session_id(token),
            user_id=account.id,
            epoch=account.session_epoch,
            created_at=now,
            seen_at=now,
            expires_at=now + self._limits.lasts,
        )
        await self._store.add_session(session)
        return SignedIn(token=token, expires_at=session.expires_at, user=_user(account))

    async def _looked_up(self, session_id: str) -> "_Known | None":
        now = self._clock()
        session = await self._store.session(session_id, now=now)
        if session is None or now - session.seen_at >= self._limits.idle:
            return None
        account = await self._store.by_id(session.user_id)
        if account is None or session.epoch != account.session_epoch:
            return None
        if now - session.seen_at >= _USE_NOTED_EVERY:
            await self._store.note_use(session_id, now=now)
        ends_at = min(session.expires_at, now + self._limits.idle)
        return _Known(user=_user(account), session_id=session_id, expires_at=ends_at)


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

    def forget(self, session_id: str) -> None:
        self.mark += 1
        self._entries.pop(session_id, None)

    def forget_user(self, user_id: str) -> None:
        self.mark += 1
        for session_id in [
            k for k, (_, known) in self._entries.items() if known.user.id == user_id
        ]:
            del self._entries[session_id]


def _session_id(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _user(account: Account) -> User:
    return User(
        id=account.id,
        email=account.email,
        role=account.role,
        timezone=account.timezone,
        created_at=account.created_at,
    )
