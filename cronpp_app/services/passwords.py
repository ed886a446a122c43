"""Passwords: which are acceptable, and their argon2id hashes."""

import asyncio
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from passlib.hash import argon2
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from cronpp_app.errors import Busy, FieldError, InvalidInput

SHORTEST, LONGEST = 8, 256
# 64 MiB and about 0.1 s of CPU each: more at once would let sign-ins starve everything else.
_AT_ONCE = 2
# Two seconds' worth: whoever came later would wait longer than people do.
_MOST_WAITING = 20

# The 30,000 most common passwords of public leaks, as zxcvbn keeps them; and what people try here.
_COMMON = frozenset(FREQUENCY_LISTS["passwords"]) | {
    "administrator1",
    "admin1234",
    "asdfasdfasdf",
    "changeme123",
    "cronpp123",
    "iloveyou123",
    "letmein123",
    "p@ssword",
    "password!",
    "password1234",
    "qwerty12345",
    "testtest",
    "welcome123",
}


def check_password(password: str, *, email: str, field: str = "password") -> None:
    """Raise InvalidInput unless `password` may protect the account of `email`.

    Length and a list of the most common ones, no rules of composition (NIST SP 800-63B, 5.1.1).
    """
    problem = _problem(password, email)
    if problem:
        raise InvalidInput(FieldError(field, problem))


def _problem(password: str, email: str) -> str | None:
    if not SHORTEST <= len(password) <= LONGEST:
        return f"Must be {SHORTEST} to {LONGEST} characters long, not {len(password)}."
    if any("\ud800" <= char <= "\udfff" or unicodedata.category(char) == "Cc" for char in password):
        return "Must not contain control characters."
    plain, address = _normal(password).casefold(), email.casefold()
    if plain in {address, address.split("@")[0]}:
        return "Must not be your e-mail address."
    if plain in _COMMON or len(set(plain)) < 3:
        return "Is one of the most common passwords; choose another."
    return None


class Hasher:
    """Makes and checks argon2id hashes in threads, few at a time."""

    def __init__(self, *, time_cost: int = 3, memory_kib: int = 65_536) -> None:
        self._argon2 = argon2.using(
            type="ID", time_cost=time_cost, memory_cost=memory_kib, parallelism=4
        )
        self._seats = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0
        self._dummy: str | None = None

    async def hash(self, password: str) -> str:
        """Return the hash of `password`, salt and parameters included; raise Busy."""
        async with self._seat():
            hashed: str = await asyncio.to_thread(self._argon2.hash, _normal(password))
        return hashed

    async def matches(self, password: str, hashed: str | None) -> bool:
        """Return whether `password` has this hash.

        Without a hash (nobody has that address) it takes as long and is False, so that
        time does not tell who has an account. Raises Busy if too many are waiting.
        """
        if self._dummy is None:
            self._dummy = await self.hash("nobody has this password")
        async with self._seat():
            same = await asyncio.to_thread(
                self._argon2.verify, _normal(password), hashed or self._dummy
            )
        return bool(same) and hashed is not None

    @asynccontextmanager
    async def _seat(self) -> AsyncIterator[None]:
        if self._seats.locked() and self._waiting >= _MOST_WAITING:
            raise Busy("Too many people are signing in at this moment; try again in a few seconds.")
        self._waiting += 1
        try:
            await self._seats.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._seats.release()

    def is_outdated(self, hashed: str) -> bool:
        """Return whether the hash was made with other parameters than today's."""
        return bool(self._argon2.needs_update(hashed))


def _normal(password: str) -> str:
    """Return one form of what looks the same, whichever keyboard typed it."""
    # A lone surrogate cannot be hashed; such a password was never accepted, so any stand-in does.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace").decode("utf-8")
