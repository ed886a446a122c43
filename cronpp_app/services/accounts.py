"""Accounts of people: signing up, in and out, and what they may change about themselves."""

from collections.abc import Callable
from datetime import datetime

from cronpp_app.clock import utc_now
from cronpp_app.domain.zones import InvalidZone, check_timezone
from cronpp_app.errors import Conflict, FieldError, InvalidInput, NotAllowed, NotSignedIn
from cronpp_app.services.audit import Audit, AuditAction
from cronpp_app.services.credentials import checked_signup, normal_email
from cronpp_app.services.identities import Identity, SignedIn, User, user_of
from cronpp_app.services.login_guard import LoginGuard
from cronpp_app.services.passwords import LONGEST, Hasher, check_password
from cronpp_app.services.sessions import Device, SessionLimits, Sessions
from cronpp_app.settings import Signup
from cronpp_app.store.accounts import Account, AccountStore, EmailTaken, FounderExists

__all__ = ["Accounts", "Identity", "SessionLimits", "SignedIn", "User"]

_WRONG = "The e-mail address or the password is wrong."


class Accounts:
    """What people do with their accounts."""

    def __init__(
        self,
        store: AccountStore,
        guard: LoginGuard,
        *,
        audit: Audit,
        signup: Signup = Signup.OPEN,
        limits: SessionLimits | None = None,
        hasher: Hasher | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self._guard = guard
        self._audit = audit
        self._signup = signup
        self._hasher = hasher or Hasher()
        self._clock = clock
        self.sessions = Sessions(store, limits or SessionLimits(), audit=audit, clock=clock)

    async def accepts_signups(self) -> bool:
        """Return whether somebody may make an account now."""
        if self._signup is Signup.FIRST:
            return not await self._store.has_founder()
        return self._signup is Signup.OPEN

    async def signup(
        self, email: str, password: str, *, origin: str = "unknown", agent: str = ""
    ) -> SignedIn:
        """Make an account and sign in; the first account is the admin's.

        `origin` is the client's network address, `agent` what it calls itself. Raises
        InvalidInput, NotAllowed where signing up is closed, Conflict if the e-mail address has an
        account, TooMany after many from there.
        """
        if not await self.accepts_signups():
            raise NotAllowed("Signing up is closed here; ask the administrator for an account.")
        address = checked_signup(email, password)
        await self._guard.admit_signup(origin)
        account = await self._add(address, await self._hasher.hash(password))
        await self._guard.note_home(address, origin)
        signed_in = await self.sessions.begin(account, Device(address=origin, agent=agent))
        await self._audit.note(signed_in.user, AuditAction.SIGNED_UP)
        return signed_in

    async def login(self, email: str, password: str, *, origin: str, agent: str = "") -> SignedIn:
        """Start a session for somebody at the network address `origin`, with the program `agent`.

        Raises NotSignedIn in the same words and time for every reason, TooMany before the
        password is looked at.
        """
        address = normal_email(email)
        async with self._guard.signing_in(address or email, origin):
            account = await self._checked(address, password)
        signed_in = await self.sessions.begin(account, Device(address=origin, agent=agent))
        await self._audit.note(signed_in.user, AuditAction.SIGNED_IN)
        return signed_in

    async def _checked(self, address: str | None, password: str) -> Account:
        """Return the account that has this address and password, or raise NotSignedIn."""
        account = await self._store.by_email(address) if address else None
        hashed = account.password_hash if account else None
        if not await self._hasher.matches(password[: LONGEST + 1], hashed) or account is None:
            # Also for an address without an account: the time must not tell one from the other.
            # What was typed in its place is not kept, it may be a password.
            await self._audit.note_refusal(account)
            raise NotSignedIn(_WRONG)
        # Asked once more, where it is noted: who is disabled meanwhile does not slip in.
        if not await self._store.note_sign_in(account.id, now=self._clock()):
            await self._audit.note_refusal(account)
            raise NotSignedIn(_WRONG)
        if self._hasher.is_outdated(account.password_hash):
            await self._store.refresh_hash(
                account.id,
                old_hash=account.password_hash,
                new_hash=await self._hasher.hash(password),
            )
        return account

    async def identify(self, token: str) -> Identity | None:
        """Return who holds `token`, or None if it is not (or no longer) valid."""
        return await self.sessions.identify(token)

    async def user(self, user_id: str) -> User | None:
        """Return the person of an account that may be used, or None."""
        account = await self._store.by_id(user_id)
        return user_of(account) if account and not account.is_disabled else None

    async def logout(self, identity: Identity) -> None:
        """End this session."""
        await self.sessions.end_this(identity)
        await self._audit.note(identity.user, AuditAction.SIGNED_OUT)

    async def logout_all(self, identity: Identity) -> None:
        """End every session of this account, on every device."""
        await self.sessions.end_all(identity.user.id)
        await self._audit.note(identity.user, AuditAction.SIGNED_OUT_EVERYWHERE)

    async def change_password(self, identity: Identity, *, current: str, new: str) -> None:
        """Replace the password; every other session ends in the same write.

        Raises InvalidInput naming `current` or `new`, Conflict if it was changed meanwhile,
        TooMany after too many wrong ones.
        """
        old_hash = await self.check_own_password(identity, current, field="current")
        check_password(new, email=identity.user.email, field="new")
        changed = await self._store.set_password(
            identity.user.id, old_hash=old_hash, new_hash=await self._hasher.hash(new)
        )
        if changed is None:
            raise Conflict("The password was changed by somebody else just now.")
        await self.sessions.keep_only(identity, epoch=changed.session_epoch)
        await self._audit.note(identity.user, AuditAction.PASSWORD_CHANGED)

    async def check_own_password(self, identity: Identity, password: str, *, field: str) -> str:
        """Return the hash of this person's password if `password` is it.

        Raises InvalidInput naming `field`, TooMany after too many wrong ones.
        """
        account = await self._store.by_id(identity.user.id)
        if account is None:
            raise NotSignedIn("This account no longer exists.")
        async with self._guard.changing(account.id):
            if not await self._hasher.matches(password[: LONGEST + 1], account.password_hash):
                raise InvalidInput(FieldError(field, "Is not your current password."))
        return account.password_hash

    async def forget_tries(self, user_id: str, email: str) -> None:
        """Forget what was counted about the passwords of a person, together with the account."""
        await self._guard.forget(user_id, email)

    async def set_timezone(self, identity: Identity, timezone: str) -> User:
        """Set the zone in which this person reads times; raise InvalidInput if it is unknown."""
        try:
            check_timezone(timezone)
        except InvalidZone as error:
            raise InvalidInput(FieldError("timezone", str(error))) from error
        account = await self._store.set_timezone(identity.user.id, timezone)
        if account is None:
            raise NotSignedIn("This account no longer exists.")
        self.sessions.forget_user(account.id)
        changed = user_of(account)
        await self._audit.note(changed, AuditAction.TIMEZONE_CHANGED)
        return changed

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
                raise NotAllowed("Signing up is closed here; the first account exists.") from error
            return await self._add(email, password_hash)
