"""The secret with which a person's targets check that a call is ours."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cronpp_app.clock import utc_now
from cronpp_app.errors import Conflict
from cronpp_app.services.accounts import User
from cronpp_app.services.audit import Audit, AuditAction
from cronpp_app.store.signing import SigningSecret, SigningStore

__all__ = ["ShownSecret", "Signing", "SigningSecret"]

# Standard Webhooks 1.0 leaves the length to us; receivers get a day to change over.
OVERLAP: Final = timedelta(hours=24)
_MOST_AT_ONCE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSecret:
    """A signing secret, and until when the one before it signs besides (None: not any more)."""

    secret: str
    previous_until: datetime | None


class Signing:
    """The signing secrets of people; the first argument says who asks."""

    def __init__(
        self, store: SigningStore, *, audit: Audit, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._store = store
        self._audit = audit
        self._clock = clock

    async def show(self, user: User) -> ShownSecret:
        """Return the secret that signs this person's calls, made when first asked for."""
        now = self._clock()
        current, *before = (await self._store.of([user.id], now=now))[user.id]
        ends = [old.until for old in before if old.until and old.until > now]
        return ShownSecret(secret=current.secret, previous_until=max(ends, default=None))

    async def rotate(self, user: User) -> ShownSecret:
        """Return a new secret; for 24 hours calls carry signatures of both.

        Raises Conflict after three rotations within 24 hours.
        """
        now = self._clock()
        until = now + OVERLAP
        made = await self._store.replace(user.id, now=now, old_until=until, most=_MOST_AT_ONCE)
        if made is None:
            raise Conflict(
                f"This secret was replaced {_MOST_AT_ONCE - 1} times within 24 hours, and all of "
                "them sign still; wait until the oldest ends."
            )
        await self._audit.note(user, AuditAction.SIGNING_SECRET_ROTATED)
        return ShownSecret(secret=made.secret, previous_until=until)
