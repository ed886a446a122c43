"""The claims a worker holds, and until when it may believe in them."""

from dataclasses import dataclass

from cronpp_app.domain.leases import TrustWindow
from cronpp_app.domain.runs import Run
from cronpp_app.engine.loops import Bell


@dataclass(slots=True, kw_only=True)
class Claim:
    """A run this worker performs; `trust` moves on with every renewal."""

    run: Run
    trust: TrustWindow


class HeldClaims:
    """The claims in this worker's slots; `freed` rings when they were full and one is free."""

    def __init__(self, slots: int, *, freed: Bell) -> None:
        self.slots = slots
        self._freed = freed
        self._claims: dict[str, Claim] = {}

    @property
    def free(self) -> int:
        """Return how many slots are free."""
        return self.slots - len(self._claims)

    @property
    def busy(self) -> int:
        """Return how many slots are taken."""
        return len(self._claims)

    def take(self, claim: Claim) -> None:
        """Put `claim` into a slot."""
        self._claims[claim.run.id] = claim

    def release(self, run: Run) -> None:
        """Free the slot of the claim on `run`; one that is not held any more does not matter."""
        claim = self._claims.get(run.id)
        if claim is not None and claim.run.claim_id == run.claim_id:
            if self.free == 0:
                self._freed.ring()
            del self._claims[run.id]

    def tokens(self) -> dict[str, str]:
        """Return the claim id of every held run, by run id."""
        return {run_id: claim.run.claim_id or "" for run_id, claim in self._claims.items()}

    def trust(self, run_ids: set[str], window: TrustWindow) -> None:
        """Note that the leases of `run_ids` are good for `window`."""
        for run_id in run_ids & self._claims.keys():
            self._claims[run_id].trust = window
