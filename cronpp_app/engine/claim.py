"""Claim: take due runs, as many as there are free slots, and start or judge them."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from cronpp_app.clock import monotonic
from cronpp_app.domain.leases import LeaseTerms, trust_from
from cronpp_app.domain.runs import RunStatus, reason_not_to_start
from cronpp_app.engine.claims import Claim, HeldClaims
from cronpp_app.engine.database_clock import DatabaseClock
from cronpp_app.engine.reap import Reaping
from cronpp_app.store.attempts import AttemptStore
from cronpp_app.store.due import DueJobStore
from cronpp_app.store.runs import RunStore

PAGE = 200
_FIRST_MISS_SECONDS = 0.001
_MAX_DOUBLINGS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """The stores that claiming reads and writes."""

    runs: RunStore
    attempts: AttemptStore
    jobs: DueJobStore


class Claiming:
    """Fills free slots with due runs; `start` is called with each claim that may begin."""

    def __init__(
        self,
        queue: Queue,
        clock: DatabaseClock,
        held: HeldClaims,
        *,
        worker_id: str,
        terms: LeaseTerms,
        reaping: Reaping,
        start: Callable[[Claim], None],
    ) -> None:
        self._queue = queue
        self._clock = clock
        self._held = held
        self._worker_id = worker_id
        self._terms = terms
        self._reaping = reaping
        self._start = start
        self._next_wake: datetime | None = None
        self._misses = 0

    async def step(self) -> bool:
        """Claim a page of due runs; return whether any was claimed."""
        limit = min(PAGE, self._held.free)
        if limit == 0:
            self._next_wake = None  # a freed slot rings
            return False
        self._next_wake = await self._queue.runs.next_wake()
        now = self._clock.now()
        if self._next_wake is None or self._next_wake > now:
            return False
        run_ids = await self._queue.runs.peek_due(now=now, limit=limit)
        claimed = bool(run_ids) and await self._claim(run_ids)
        self._misses = 0 if claimed else self._misses + 1
        return claimed

    def seconds_until_due(self) -> float | None:
        """Return how long the earliest known wake-up is away, or None if there is none.

        What is due but could not be claimed (others were faster, or must not be reaped yet)
        is looked at again after a wait that doubles from 2 ms.
        """
        if self._next_wake is None:
            return None
        away = (self._next_wake - self._clock.now()) / timedelta(seconds=1)
        again = _FIRST_MISS_SECONDS * 2 ** min(self._misses, _MAX_DOUBLINGS)
        return max(away, again) if self._misses else away

    async def _claim(self, run_ids: Sequence[str]) -> bool:
        asked_at = monotonic()
        claim_id = uuid4().hex
        claimed = await self._queue.runs.claim(
            run_ids,
            claim_id=claim_id,
            worker_id=self._worker_id,
            lease=self._terms.length,
            reap=self._reaping.is_safe(),
        )
        trust = trust_from(asked_at, self._terms)
        claims = [Claim(run=run, trust=trust) for run in claimed.fresh]
        for claim in claims:
            self._held.take(claim)
        try:
            await self._reaping.judge(claimed.expired)
            await self._begin(claims)
        except BaseException:
            # Not begun, so nothing was sent: the lease ends and somebody takes them again.
            for claim in claims:
                self._held.release(claim.run)
            raise
        return bool(claimed.fresh or claimed.expired)

    async def _begin(self, claims: Sequence[Claim]) -> None:
        """Start those claims whose job still wants it, each with its log record opened."""
        wanted = await self._still_wanted(claims)
        if not wanted:
            return
        runs = [claim.run for claim in wanted]
        foreign, _ = await asyncio.gather(
            self._queue.attempts.open_all(runs, now=self._clock.now()),
            self._queue.jobs.mark_running([run.job_id for run in runs]),
        )
        for claim in wanted:
            if claim.run.id in foreign or not claim.trust.allows(monotonic()):
                self._held.release(claim.run)  # too late: whoever holds the lease now decides
            else:
                self._start(claim)

    async def _still_wanted(self, claims: Sequence[Claim]) -> list[Claim]:
        """Return the claims that may start; cancel the others, whose job was paused or deleted."""
        if not claims:
            return []
        standing = await self._queue.jobs.standing([claim.run.job_id for claim in claims])
        now, wanted, outcomes = self._clock.now(), [], []
        for claim in claims:
            reason = reason_not_to_start(claim.run, standing.get(claim.run.job_id))
            if reason is None:
                wanted.append(claim)
            else:
                cancelled = {"status": RunStatus.CANCELLED.value, "reason": reason}
                outcomes.append((claim.run, cancelled | {"finished_at": now}))
        await self._queue.runs.finish(outcomes)
        for run, _ in outcomes:
            self._held.release(run)
        return wanted
