"""Who may try a password now: judged before any password is looked at."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cronpp_app.domain.throttling import (
    HOME_LASTS,
    OF_ACCOUNT,
    OF_ADDRESS,
    OF_CHANGES,
    OF_HOME,
    OF_SIGNUPS,
    Allowance,
    account_key,
    address_key,
    home_key,
    home_keys,
)
from cronpp_app.errors import Busy, TooMany
from cronpp_app.store.throttles import ThrottleStore

_Taken = dict[str, Allowance]


class LoginGuard:
    """Counts tries per account and per address, over all web processes.

    An address from which the account was made or signed in to has tries of its own, so that
    guesses from elsewhere never keep the owner out. A right password gives back just the tries
    that it took: an owner's own sign-ins leave no more room for guesses of others.
    """

    def __init__(self, throttles: ThrottleStore) -> None:
        self._throttles = throttles

    @asynccontextmanager
    async def signing_in(self, email: str, address: str) -> AsyncIterator[None]:
        """Let somebody try a password; leaving without an error says that it was right.

        The account need not exist. Raises TooMany.
        """
        taken = await self._admitted(email, address)
        async with self._given_back_unless_wrong(taken):
            yield
        await self.note_home(email, address)

    async def note_home(self, email: str, address: str) -> None:
        """Count `address` among the owner's, who has just signed up or in from there."""
        await self._throttles.remember(home_key(email, address), lasting=HOME_LASTS)

    @asynccontextmanager
    async def changing(self, user_id: str) -> AsyncIterator[None]:
        """Let somebody signed in try the current password; raise TooMany."""
        key = _change_key(user_id)
        wait = await self._throttles.take(key, OF_CHANGES)
        if wait is not None:
            raise _too_many("The current password was wrong too often.", wait)
        async with self._given_back_unless_wrong({key: OF_CHANGES}):
            yield

    async def admit_signup(self, address: str) -> None:
        """Count an account made from `address`; raise TooMany."""
        wait = await self._throttles.take(f"signup {address_key(address)}", OF_SIGNUPS)
        if wait is not None:
            raise _too_many("Too many accounts were created from your address.", wait)

    async def forget(self, user_id: str, email: str) -> None:
        """Forget all tries on an account, and where its owner signed in from."""
        await self._throttles.forget(
            [_change_key(user_id), account_key(email)], beginning=home_keys(email)
        )

    async def _admitted(self, email: str, address: str) -> _Taken:
        home = home_key(email, address)
        known = await self._throttles.remembers(home)
        # Not counted for the address: neighbours behind the same one keep nobody out either.
        if known and await self._throttles.take(home, OF_HOME) is None:
            return {home: OF_HOME}
        by_address, by_account = address_key(address), account_key(email)
        wait = await self._throttles.take(by_address, OF_ADDRESS)
        if wait is not None:
            raise _too_many("Too many passwords were tried from your address.", wait)
        wait = await self._throttles.take(by_account, OF_ACCOUNT)
        if wait is not None:
            await self._throttles.give_back(by_address, OF_ADDRESS)
            raise _too_many("Too many passwords were tried for this account.", wait)
        return {by_address: OF_ADDRESS, by_account: OF_ACCOUNT}

    @asynccontextmanager
    async def _given_back_unless_wrong(self, taken: _Taken) -> AsyncIterator[None]:
        try:
            yield
        except Busy:  # nothing was looked at
            await self._give_back(taken)
            raise
        await self._give_back(taken)

    async def _give_back(self, taken: _Taken) -> None:
        for key, allowance in taken.items():
            await self._throttles.give_back(key, allowance)


def _change_key(user_id: str) -> str:
    return f"change {user_id}"


def _too_many(what: str, wait: int) -> TooMany:
    return TooMany(f"{what} Try again in {wait} seconds; jobs go on.", retry_after_seconds=wait)
