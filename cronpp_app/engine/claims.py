"""The claims a worker holds, how many it may hold, and until when it may believe in them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from cronpp_app.domain.jobs import Action, HttpAction
from cronpp_app.domain.leases import TrustWindow
from cronpp_app.domain.runs import Run
from cronpp_app.engine.loops import Bell


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many runs one worker performs at a time: in all, of one user, to one host."""

    slots: int
    of_user: int
    to_host: int


@dataclass(slots=True, kw_only=True)
class Claim:
    """A run this worker performs; `trust` moves on with every renewal."""

    run: Run
    trust: TrustWindow


class HeldClaims:
    """The claims of a worker: those that have started fill its slots, the others wait ahead.

    As many as there are slots may wait, a user's share of them no larger than the share of
    the slots. `freed` ring when somebody found no room and there is some again.
    """

    def __init__(self, limits: Limits, *, freed: Sequence[Bell]) -> None:
        self._limits = limits
        self._freed = freed
        self._claims: dict[str, Claim] = {}
        self._started: dict[str, str | None] = {}
        self._of_user: Counter[str] = Counter()
        self._started_of_user: Counter[str] = Counter()
        self._started_to_host: Counter[str | None] = Counter()
        self._wanted = False

    @property
    def slots(self) -> int:
        """Return how many runs may be under way."""
        return self._limits.slots

    @property
    def busy(self) -> int:
        """Return how many slots are taken."""
        return len(self._started)

    def room(self) -> int:
        """Return how many more claims may be taken; asking in vain is remembered."""
        full = len(self._started) >= self.slots
        room = 0 if full else 2 * self.slots - len(self._claims)
        self._wanted |= room <= 0
        return max(0, room)

    def room_of(self, user_id: str) -> int:
        """Return how many more claims on runs of one user may be taken."""
        room = 2 * self._limits.of_user - self._of_user[user_id]
        self._wanted |= room <= 0
        return max(0, room)

    def take(self, claim: Claim) -> None:
        """Hold `claim`; it waits until it is started.

        A former claim on the same run is lost; its attempt may go on, but without a slot.
        """
        former = self._claims.get(claim.run.id)
        if former is None:
            self._of_user[claim.run.user_id] += 1
        else:
            self.stop(former.run)
        self._claims[claim.run.id] = claim

    def try_start(self, run: Run) -> bool:
        """Give the claim on `run` a slot, unless no slot, user's share or host's share is left."""
        host = _host_of(run.action)
        may_start = (
            len(self._started) < self.slots
            and self._started_of_user[run.user_id] < self._limits.of_user
            and (host is None or self._started_to_host[host] < self._limits.to_host)
        )
        if may_start:
            self._started[run.id] = host
            self._started_of_user[run.user_id] += 1
            self._started_to_host[host] += 1
        self._wanted |= not may_start
        return may_start

    def release(self, run: Run) -> None:
        """Let go of the claim on `run`; one that is not held any more does not matter."""
        claim = self._claims.get(run.id)
        if claim is None or claim.run.claim_id != run.claim_id:
            return
        self.stop(run)
        del self._claims[run.id]
        _less(self._of_user, run.user_id)
        if self._wanted:
            self._wanted = False
            for bell in self._freed:
                bell.ring()

    def stop(self, run: Run) -> None:
        """Take the slot back from the claim on `run`, which is to wait on."""
        if run.id in self._started:
            _less(self._started_to_host, self._started.pop(run.id))
            _less(self._started_of_user, run.user_id)

    def tokens(self) -> dict[str, str]:
        """Return the claim id of every held run, by run id."""
        return {run_id: claim.run.claim_id or "" for run_id, claim in self._claims.items()}

    def trust(self, run_ids: set[str], window: TrustWindow) -> None:
        """Note that the leases of `run_ids` are good for `window`."""
        for run_id in run_ids & self._claims.keys():
            self._claims[run_id].trust = window


def _host_of(action: Action) -> str | None:
    return urlsplit(action.url).hostname if isinstance(action, HttpAction) else None


def _less(counter: Counter[Any], key: str | None) -> None:
    counter[key] -= 1
    if not counter[key]:
        del counter[key]
