"""Start: when a claimed run's time has come, ask once more, open its log, and begin."""

import asyncio
import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from cronpp_app.clock import monotonic
from cronpp_app.domain.fires import refreshed_run
from cronpp_app.domain.jobs import Overlap
from cronpp_app.domain.runs import (
    Run,
    RunStatus,
    Trigger,
    reason_not_to_start,
    was_fired_ahead_of_an_edit,
)
from cronpp_app.engine.claims import Claim, HeldClaims
from cronpp_app.engine.database_clock import DatabaseClock
from cronpp_app.engine.loops import Bell
from cronpp_app.store.attempts import AttemptStore
from cronpp_app.store.due import DueJobStore, Standing
from cronpp_app.store.runs import RunStore
from cronpp_app.store.seats import Seats

BATCH = 250
EDITED = "The job was edited; its schedule no longer names this time."


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """What starting reads and writes."""

    runs: RunStore
    seats: Seats
    attempts: AttemptStore
    jobs: DueJobStore


class Starting:
    """Holds claims until they are due; `begin` is called with each that starts."""

    def __init__(
        self,
        stores: Stores,
        clock: DatabaseClock,
        held: HeldClaims,
        *,
        begin: Callable[[Claim], None],
        bell: Bell,
    ) -> None:
        self._stores = stores
        self._clock = clock
        self._held = held
        self._begin = begin
        self._waiting: list[tuple[datetime, int, Claim]] = []
        self._order = count()
        self._held_up: list[tuple[datetime, int, Claim]] = []
        self.bell = bell

    def add(self, claims: Sequence[Claim]) -> None:
        """Have `claims` started when their runs are due."""
        for claim in claims:
            due_at = claim.run.due_at or claim.run.fire_time
            heapq.heappush(self._waiting, (due_at, next(self._order), claim))
        if claims:
            self.bell.ring()

    async def step(self) -> bool:
        """Start a batch of claims that are due; return whether there are more.

        A claim whose check fails for want of a database is let go, unless it waits on: nothing
        was sent, and its lease will end.
        """
        claims = self._due_now()
        if not claims:
            return False
        try:
            await self._start(claims)
        except BaseException:
            waiting_on = {id(claim) for _, _, claim in self._waiting}
            self._let_go([claim for claim in claims if id(claim) not in waiting_on])
            raise
        return len(claims) == BATCH

    async def give_back(self) -> None:
        """Return all claims that have not been started to the queue, unspent."""
        claims = [claim for _, _, claim in (*self._waiting, *self._held_up)]
        self._waiting.clear()
        self._held_up.clear()
        await self._stores.runs.give_back([claim.run for claim in claims])
        self._let_go(claims)

    def seconds_until_due(self) -> float | None:
        """Return how long the earliest claim is away, or None without one."""
        if not self._waiting:
            return None
        return (self._waiting[0][0] - self._clock.now()) / timedelta(seconds=1)

    def _due_now(self) -> list[Claim]:
        """Return due claims that got a slot; those that found none wait until some are free."""
        now = self._clock.now()
        for entry in self._held_up:
            heapq.heappush(self._waiting, entry)
        self._held_up.clear()
        claims: list[Claim] = []
        while self._waiting and self._waiting[0][0] <= now and len(claims) < BATCH:
            entry = heapq.heappop(self._waiting)
            if self._held.try_start(entry[2].run):
                claims.append(entry[2])
            else:
                self._held_up.append(entry)
        return claims

    def _let_go(self, claims: Sequence[Claim]) -> None:
        for claim in claims:
            self._held.release(claim.run)

    async def _start(self, claims: Sequence[Claim]) -> None:
        """Start those of `claims` that are due, wanted and alone, each with its log opened."""
        runs = [claim.run for claim in claims]
        standing, blocked = await asyncio.gather(
            self._stores.jobs.standing([run.job_id for run in runs]),
            self._stores.seats.take(runs),
        )
        due = self._keep_early(claims, standing)
        wanted = [claim for claim in due if await self._is_wanted(claim, standing)]
        alone = [claim for claim in wanted if claim.run.id not in blocked]
        for claim in wanted:
            if claim.run.id in blocked:
                await self._stand_back(claim.run)
        foreign = await self._stores.attempts.open_all(
            [claim.run for claim in alone], now=self._clock.now()
        )
        for claim in alone:
            if claim.run.id in foreign or not claim.trust.allows(monotonic()):
                self._held.release(claim.run)  # too late: whoever holds the lease now decides
            else:
                self._begin(claim)

    def _keep_early(self, claims: Sequence[Claim], standing: Standing) -> list[Claim]:
        """Return the claims that are due by the database's clock; the others wait on (I5)."""
        now = standing.now
        early = [claim for claim in claims if now and claim.run.due_at and claim.run.due_at > now]
        for claim in early:
            self._held.stop(claim.run)
        self.add(early)
        waiting_on = {id(claim) for claim in early}
        return [claim for claim in claims if id(claim) not in waiting_on]

    async def _is_wanted(self, claim: Claim, standing: Standing) -> bool:
        """Return whether the job still wants this run; bring it up to date, or cancel it."""
        run, job = claim.run, standing.jobs.get(claim.run.job_id)
        reason = reason_not_to_start(run, job)
        if reason is None and job is not None and was_fired_ahead_of_an_edit(run, job):
            refreshed = await self._refreshed(run)
            if refreshed is not None:
                claim.run = refreshed
                await self._stores.runs.refresh([refreshed])
                return True
            reason = EDITED
        if reason is not None:
            await self._end(run, RunStatus.CANCELLED, reason)
        return reason is None

    async def _refreshed(self, run: Run) -> Run | None:
        job = await self._stores.jobs.get(run.job_id)
        return refreshed_run(run, job) if job else None

    async def _stand_back(self, run: Run) -> None:
        """Let the overlap policy decide about a run that found another of its job unfinished."""
        if run.overlap is Overlap.QUEUE and await self._stores.seats.queue(run):
            self._held.release(run)
            return
        if run.trigger is Trigger.REPLAY:  # asked for by a person: it waits for its turn
            await self._stores.seats.wait(run)
            self._held.release(run)
            return
        other = await self._stores.seats.holder(run.job_id) or "another run"
        policy = run.overlap.value
        reason = f"Run {other} of this job was not finished; the overlap policy is {policy}."
        await self._end(run, RunStatus.SKIPPED, reason)

    async def _end(self, run: Run, status: RunStatus, reason: str) -> None:
        fields = {
            "status": status.value,
            "reason": reason,
            "finished_at": self._clock.now(),
            "attempt_count": run.attempt_count - 1,  # it never began
        }
        await self._stores.runs.finish([(run, fields)])
        self._held.release(run)
