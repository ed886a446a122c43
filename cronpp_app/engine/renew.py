"""Renew: extend the leases of all held claims in one write."""

import logging
from collections.abc import Awaitable, Callable, Mapping

from cronpp_app.clock import monotonic
from cronpp_app.domain.leases import LeaseTerms, trust_from
from cronpp_app.engine.claims import HeldClaims
from cronpp_app.engine.loops import Bell
from cronpp_app.store.cancels import CancelStore
from cronpp_app.store.runs import RunStore

log = logging.getLogger("cronpp.worker")


BreakOff = Callable[[Mapping[str, str]], Awaitable[set[str]]]


class Renewing:
    """Keeps the leases of running attempts alive, and learns which of them are cancelled.

    `break_off` gets the claims (run id to claim id) whose attempts are to end unheard, and
    returns the runs whose attempts did; `let_go` rings when these can be finished.
    """

    def __init__(
        self,
        runs: RunStore,
        cancels: CancelStore,
        held: HeldClaims,
        *,
        terms: LeaseTerms,
        break_off: BreakOff,
        let_go: Bell,
    ) -> None:
        self._runs = runs
        self._cancels = cancels
        self._held = held
        self._terms = terms
        self._break_off = break_off
        self._let_go = let_go
        self.bell = Bell()

    async def step(self) -> bool:
        """Renew every held claim; never reports work, so that the loop always rests."""
        tokens = self._held.tokens()
        if tokens:
            asked_at = monotonic()
            lost = await self._runs.renew(tokens, lease=self._terms.length)
            self._held.trust(set(tokens) - lost, trust_from(asked_at, self._terms))
            lost &= self._held.tokens().keys()  # one recorded in the meantime is not lost
            if lost:
                await self._part_with({run_id: tokens[run_id] for run_id in lost})
        return False

    async def _part_with(self, lost: Mapping[str, str]) -> None:
        """Break off what was cancelled; of the others only the results do not count any more."""
        cancelled = await self._cancels.among(lost.keys())
        if lost.keys() - cancelled:
            log.warning("leases lost", extra={"runs": sorted(lost.keys() - cancelled)})
        if not cancelled:
            return
        ended = await self._break_off({run_id: lost[run_id] for run_id in cancelled})
        log.info("attempts broken off, cancelled by hand", extra={"runs": sorted(ended)})
        await self._cancels.let_go(ended)
        self._let_go.ring()
