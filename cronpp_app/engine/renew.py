"""Renew: extend the leases of all held claims in one write."""

import logging

from cronpp_app.clock import monotonic
from cronpp_app.domain.leases import LeaseTerms, trust_from
from cronpp_app.engine.claims import HeldClaims
from cronpp_app.store.runs import RunStore

log = logging.getLogger("cronpp.worker")


class Renewing:
    """Keeps the leases of running attempts alive."""

    def __init__(self, runs: RunStore, held: HeldClaims, *, terms: LeaseTerms) -> None:
        self._runs = runs
        self._held = held
        self._terms = terms

    async def step(self) -> bool:
        """Renew every held claim; never reports work, so that the loop always rests."""
        tokens = self._held.tokens()
        if tokens:
            asked_at = monotonic()
            lost = await self._runs.renew(tokens, lease=self._terms.length)
            self._held.trust(set(tokens) - lost, trust_from(asked_at, self._terms))
            lost &= self._held.tokens().keys()  # one recorded in the meantime is not lost
            if lost:
                log.warning("leases lost", extra={"runs": sorted(lost)})
        return False
