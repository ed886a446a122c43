"""What the model knows of a cluster: what was asked for, what was sent, what ended, what broke."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from cronpp_app.domain.attempts import AttemptResult
from cronpp_app.domain.runs import Run
from cronpp_app.engine.runtime import Duties


@dataclass(eq=False)
class Flight:
    """A request under way, or not answered for ever."""

    run: Run
    worker: Duties
    answer: "asyncio.Future[AttemptResult]"

    def is_trusted(self, now: float) -> bool:
        """Whether the worker may believe `now`, by its clock, that the run is its own."""
        claim = self.worker.claiming._held._claims.get(self.run.id)
        same = claim is not None and claim.run.claim_id == self.run.claim_id
        return same and claim.trust.allows(now)


@dataclass
class KnownJob:
    """The actions of a job by version, and whether it may run."""

    messages: dict[int, str] = field(default_factory=dict)
    paused_at: datetime | None = None
    pauses: list[tuple[datetime, datetime]] = field(default_factory=list)
    deleted: bool = False


@dataclass
class Known:
    """All that is known; `broken` tells which invariants are."""

    jobs: dict[str, KnownJob] = field(default_factory=dict)
    flights: list[Flight] = field(default_factory=list)
    sent: set[tuple[str, int]] = field(default_factory=set)
    ended: dict[str, str] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    hurried: set[str] = field(default_factory=set)
    broken: list[str] = field(default_factory=list)
