"""Who may try a password now: judged before any password is looked at."""

from cronpp_app.domain.throttling import (
    HOME_LASTS,
    OF_ACCOUNT,
    OF_ADDRESS,
    Allowance,
    account_key,
    address_key,
    home_key,
)
from cronpp_app.errors import TooMany
from cronpp_app.store.throttles import ThrottleStore


class LoginGuard:
    """Counts tries per account and per address, over all web processes.

    An address from which the account was signed in to before has tries of its own, so that
    guesses from elsewhere never keep the owner out.
    """

    def __init__(self, throttles: ThrottleStore) -> None:
        self._throttles = throttles

    async def admit(self, email: str, address: str) -> None:
        """Count a try; raise TooMany if there is none left. The account need not exist."""
        await self._take(address_key(address), OF_ADDRESS, "from your address")
        home = home_key(email, address)
        key = home if await self._throttles.remembers(home) else account_key(email)
        await self._take(key, OF_ACCOUNT, "for this account")

    async def welcome(self, email: str, address: str) -> None:
        """Note that the password was right: the try does not count, and the address is home."""
        home = home_key(email, address)
        await self._throttles.remember(home, lasting=HOME_LASTS)
        await self._throttles.give_back(home, OF_ACCOUNT)
        await self._throttles.give_back(account_key(email), OF_ACCOUNT)
        await self._throttles.give_back(address_key(address), OF_ADDRESS)

    async def admit_change(self, user_id: str) -> None:
        """Count a try at the present password of somebody signed in; raise TooMany."""
        await self._take(f"change {user_id}", OF_ACCOUNT, "for this account")

    async def welcome_change(self, user_id: str) -> None:
        """Note that the present password was right."""
        await self._throttles.give_back(f"change {user_id}", OF_ACCOUNT)

    async def _take(self, key: str, allowance: Allowance, whose: str) -> None:
        wait = await self._throttles.take(key, allowance)
        if wait is not None:
            raise TooMany(
                f"Too many passwords were tried {whose}. Try again in {wait} seconds; jobs go on.",
                retry_after_seconds=wait,
            )
