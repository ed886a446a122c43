"""Deleting one's account, with everything that belongs to it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from cronpp_app.clock import utc_now
from cronpp_app.domain.runs import Run, cancelled_verdict
from cronpp_app.errors import Conflict, NotSignedIn
from cronpp_app.services.accounts import Accounts
from cronpp_app.services.audit import Audit
from cronpp_app.services.identities import Identity
from cronpp_app.store.belongings import BelongingStore
from cronpp_app.store.cancels import CancelStore, Stopped
from cronpp_app.store.departures import Departure, DepartureStore, SoleAdmin
from cronpp_app.store.idempotency import IdempotencyStore
from cronpp_app.store.secrets import SecretStore
from cronpp_app.store.sessions import SessionStore
from cronpp_app.store.signing import SigningStore
from cronpp_app.store.tokens import TokenStore

log = logging.getLogger("cronpp.web")

# Requests and attempts that had begun before have ended by then: leases last 15 s, sessions are
# remembered for 5 s. What they left is removed when everything is looked through once more.
SETTLED_AFTER: Final = timedelta(minutes=1)
# A person waits this long; upkeep does the rest of a large account.
_PATIENCE_SECONDS = 10.0
_DELETED = "The account was deleted."


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """The stores in which a person may have left something."""

    belongings: BelongingStore
    cancels: CancelStore
    sessions: SessionStore
    tokens: TokenStore
    secrets: SecretStore
    signing: SigningStore
    idempotency: IdempotencyStore


class Departures:
    """Deletes accounts: first nobody can be it any more, then all that belonged to it goes.

    The account and the note of its departure change in one step. Whatever is interrupted after
    that, `finish_all` goes on with it; every step may be repeated.
    """

    def __init__(
        self,
        accounts: Accounts,
        store: DepartureStore,
        estate: Estate,
        *,
        audit: Audit,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._accounts = accounts
        self._store = store
        self._estate = estate
        self._audit = audit
        self._clock = clock

    async def leave(self, identity: Identity, *, password: str) -> None:
        """Delete the account of this person, and all that belongs to it.

        Nothing fires after that. Raises InvalidInput naming `password`, TooMany after too many
        wrong ones, Conflict for the only administrator while others have accounts.
        """
        user = identity.user
        hashed = await self._accounts.check_own_password(identity, password, field="password")
        try:
            departure = await self._store.begin(user.id, password_hash=hashed, now=self._clock())
        except SoleAdmin as error:
            raise Conflict(
                "You are the only administrator, and other people have accounts here. Make one of "
                "them an administrator first; then you can delete your account."
            ) from error
        if departure is None:
            raise NotSignedIn("This account no longer exists, or its password has just changed.")
        self._accounts.sessions.forget_ended(user.id)
        log.info("account deleted", extra={"user_id": user.id})
        try:
            await self._audit.note_departure()
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._clear(departure)
        except Exception:  # the account is gone: it would be wrong to say that it is not
            log.warning("the rest of an account is left to upkeep", extra={"user_id": user.id})

    async def finish_all(self) -> None:
        """Go on with every departure that was interrupted; end those of which nothing is left."""
        for departure in await self._store.all():
            has_settled = self._clock() - departure.began_at >= SETTLED_AFTER
            await self._clear(departure, has_settled=has_settled)
            if has_settled:
                await self._store.end(departure.user_id)

    async def _clear(self, departure: Departure, *, has_settled: bool = False) -> None:
        for step in self._steps(departure, has_settled=has_settled):
            await step()

    def _steps(
        self, departure: Departure, *, has_settled: bool
    ) -> tuple[Callable[[], Awaitable[object]], ...]:
        """Return what is to be done, in this order: first what could act, then what remains."""
        estate, user_id = self._estate, departure.user_id
        return (
            partial(estate.sessions.end_all, user_id),
            partial(estate.tokens.delete_all, user_id),
            partial(estate.belongings.delete_jobs, user_id),
            partial(self._stop_runs, user_id),
            partial(estate.belongings.delete_runs, user_id, in_flight=has_settled),
            partial(estate.secrets.delete_all, user_id),
            partial(estate.signing.forget, user_id),
            partial(estate.idempotency.delete_all, user_id),
            partial(self._audit.forget, user_id),
            partial(self._accounts.forget_tries, user_id, departure.email),
        )

    async def _stop_runs(self, user_id: str) -> None:
        """Have workers break off what runs; the runs themselves stay until they have let go."""
        for run in await self._estate.belongings.in_flight(user_id):
            await self._stop(run)

    async def _stop(self, run: Run) -> None:
        cancels = self._estate.cancels
        stopped = await cancels.close_attempt(run, cancelled_verdict(run, _DELETED))
        if stopped is Stopped.UNSENT:
            await cancels.end(run, reason=_DELETED, now=self._clock())
        elif stopped is Stopped.SENT:
            await cancels.take_from_worker(run, reason=_DELETED)
