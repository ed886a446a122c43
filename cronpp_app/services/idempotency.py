"""Creating things once, although the request may come twice (`Idempotency-Key`)."""

import asyncio
import hashlib
import json
import re
from collections.abc import Awaitable, Callable
from datetime import datetime

from cronpp_app.clock import monotonic, utc_now
from cronpp_app.errors import Conflict, CronppError, FieldError, InvalidInput, StoreUnavailable
from cronpp_app.sealing import CannotUnseal
from cronpp_app.services.accounts import User
from cronpp_app.store.database import new_id
from cronpp_app.store.idempotency import Answer, FirstRequest, IdempotencyStore, Turn

__all__ = ["Answer", "Idempotency", "Turn"]

# Nearly all answers are there by then, so that who repeats in haste gets one, not an error.
_PATIENCE_SECONDS = 5.0
_LOOK_AGAIN_SECONDS = 0.05
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class Idempotency:
    """Answers the first request with a key by doing it, and its repetitions from memory."""

    def __init__(
        self,
        store: IdempotencyStore,
        *,
        clock: Callable[[], datetime] = utc_now,
        patience_seconds: float = _PATIENCE_SECONDS,
    ) -> None:
        """Let a repetition wait `patience_seconds` for the answer to the first request."""
        self._store = store
        self._clock = clock
        self._patience_seconds = patience_seconds

    async def once(
        self,
        user: User,
        key: str | None,
        *,
        request: object,
        do: Callable[[Turn], Awaitable[Answer]],
    ) -> tuple[Answer, bool]:
        """Return the answer to `request`, and whether it is a repeated one.

        `do` is given the ids for what it creates; called again after it died half-way, it is
        given the same. Without a key it is simply done. A request that is refused gives its
        key free. Raises InvalidInput for a key that belongs to another request, Conflict if
        the first one is still being worked on after a few seconds.
        """
        if key is None:
            return await do(Turn(creates=new_id(), at=self._clock())), False
        if not _KEY.fullmatch(key):
            message = "Must be 1 to 255 visible ASCII characters."
            raise InvalidInput(FieldError("Idempotency-Key", message))
        # With the key in it: a request may be short and secret, and a bare digest guessed.
        name, fingerprint = _digest([user.id, key]), _digest([key, request])
        try:
            first = await self._begun(user, name, fingerprint)
        except CannotUnseal as error:
            raise Conflict("The first answer can no longer be read; use a new key.") from error
        if isinstance(first, Turn):
            return await self._do(name, first, do), False
        if first.fingerprint != fingerprint:
            message = "Was used for another request; give every request a key of its own."
            raise InvalidInput(FieldError("Idempotency-Key", message))
        if first.answer is None:
            raise Conflict("The first request with this key is still being worked on; try again.")
        return first.answer, True

    async def _begun(self, user: User, name: str, fingerprint: str) -> Turn | FirstRequest:
        """Return leave to do the request, or the first one, answered if it is within patience."""
        given_up_at = monotonic() + self._patience_seconds
        while True:
            first = await self._store.begin(
                user.id, name, fingerprint=fingerprint, now=self._clock()
            )
            if isinstance(first, Turn) or first.fingerprint != fingerprint or first.answer:
                return first
            if monotonic() >= given_up_at:
                return first
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)

    async def _do(self, name: str, turn: Turn, do: Callable[[Turn], Awaitable[Answer]]) -> Answer:
        try:
            answer = await do(turn)
            await self._store.finish(name, answer)
        except BaseException as error:
            refused = isinstance(error, CronppError) and not isinstance(error, StoreUnavailable)
            # What is refused now may have been done by the request that this one takes over.
            is_free = refused and not turn.takes_over
            await (self._store.forget(name) if is_free else self._store.abandon(name))
            raise
        return answer


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
