"""Claim: take runs that are due soon, as many as there are free slots."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import uuid4

from cronpp_app.clock import monotonic
from cronpp_app.domain.leases import LeaseTerms, trust_from
from cronpp_app.engine.choice import AHEAD, Choice
from cronpp_app.engine.claims import Claim, HeldClaims
from cronpp_app.engine.database_clock import DatabaseClock
from cronpp_app.engine.reap import Reaping
from cronpp_app.store.runs import RunStore

PAGE = 250
_FIRST_MISS_SECONDS = 0.001
_MAX_DOUBLINGS = 10


class Claiming:
    """Fills free slots with runs; `claimed` is called with each batch that may start.

    Of the runs it `tried` to claim it `got` those that no other worker was faster to claim.
    """

    def __init__(
        self,
        runs: RunStore,
        choice: Choice,
        clock: DatabaseClock,
        held: HeldClaims,
        *,
        worker_id: str,
        terms: LeaseTerms,
        reaping: Reaping,
        claimed: Callable[[Sequence[Claim]], None],
    ) -> None:
        self._runs = runs
        self._choice = choice
        self._clock = clock
        self._held = held
        self._worker_id = worker_id
        self._terms = terms
        self._reaping = reaping
        self._claimed = claimed
        self._misses = 0
        self.tried, self.got = 0, 0

    async def step(self) -> bool:
        """Claim a page of runs; return whether there are likely more."""
        limit = min(PAGE, self._held.room())
        if limit == 0:
            self._choice.look_at = None  # a freed slot rings
            return False
        chosen = await self._choice.of(now=self._clock.now(), limit=limit)
        if chosen.herd or not chosen.ids:
            return False
        if await self._claim(chosen.ids) == 0:
            self._misses += 1
            return False
        self._misses = 0
        return chosen.more

    def seconds_until_look(self) -> float | None:
        """Return how long the next look can wait, or None if a bell tells.

        What could not be claimed (others were faster, or it must not be reaped yet) is looked
        at again after a wait that doubles from 2 ms.
        """
        if self._choice.look_at is None:
            return None
        if self._misses:
            return _FIRST_MISS_SECONDS * float(2 ** min(self._misses, _MAX_DOUBLINGS))
        return (self._choice.look_at - self._clock.now()) / timedelta(seconds=1)

    async def _claim(self, run_ids: Sequence[str]) -> int:
        """Claim what can be of `run_ids`, judge what had expired; return how many these are."""
        asked_at = monotonic()
        claimed = await self._runs.claim(
            run_ids,
            claim_id=uuid4().hex,
            worker_id=self._worker_id,
            lease=self._terms.length,
            ahead=AHEAD,
            reap=self._reaping.is_safe(),
        )
        trust = trust_from(asked_at, self._terms)
        claims = [Claim(run=run, trust=trust) for run in claimed.fresh]
        for claim in claims:
            self._held.take(claim)
        self._claimed(claims)
        await self._reaping.judge(claimed.expired)
        got = len(claimed.fresh) + len(claimed.expired)
        self.tried, self.got = self.tried + len(run_ids), self.got + got
        return got
