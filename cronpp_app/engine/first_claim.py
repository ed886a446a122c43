"""First claim: whoever makes a run that is due soon may hold it from its first moment.

The insert is the claim: it succeeds for one worker only. This spares the queue and the other
workers a look, and the database a write. One that is due already takes its job's seat as well.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from cronpp_app.clock import monotonic
from cronpp_app.domain.jobs import Overlap
from cronpp_app.domain.leases import LeaseTerms, trust_from
from cronpp_app.domain.runs import Run, RunStatus
from cronpp_app.engine.choice import AHEAD
from cronpp_app.engine.claims import Claim, HeldClaims
from cronpp_app.store.runs import Added


class FirstClaim:
    """Claims runs for one worker as they are inserted; `claimed` is called with those it got."""

    def __init__(
        self,
        held: HeldClaims,
        *,
        worker_id: str,
        terms: LeaseTerms,
        claimed: Callable[[Sequence[Claim]], None],
    ) -> None:
        self._held = held
        self._worker_id = worker_id
        self._terms = terms
        self._claimed = claimed
        self._asked_at = 0.0

    def of(self, runs: Sequence[Run], *, now: datetime) -> list[Run]:
        """Return `runs`, those held by us that are due soon and that there is room for.

        Those that are due are seated, one a job; earlier it would be in the way of a run by hand.
        """
        self._asked_at = monotonic()
        claim_id, room = uuid4().hex, self._held.room()
        room_of: dict[str, int] = {}
        sitting: set[str] = set()
        ready: list[Run] = []
        for run in runs:
            left = room_of.setdefault(run.user_id, self._held.room_of(run.user_id))
            if room > 0 and left > 0 and _is_due_soon(run, now):
                room, room_of[run.user_id] = room - 1, left - 1
                sits = _wants_seat(run, now) and run.job_id not in sitting
                if sits:
                    sitting.add(run.job_id)
                ready.append(self._held_from_birth(run, claim_id, now, seated=sits))
            else:
                ready.append(run)
        return ready

    def keep(self, runs: Sequence[Run], added: Added) -> None:
        """Hold those of `runs` that are ours, as they were `added`."""
        trust = trust_from(self._asked_at, self._terms)
        claims = [
            Claim(run=replace(run, seated=False) if run.id in added.unseated else run, trust=trust)
            for run in runs
            if run.claim_id and run.id not in added.known
        ]
        for claim in claims:
            self._held.take(claim)
        self._claimed(claims)

    def _held_from_birth(self, run: Run, claim_id: str, now: datetime, *, seated: bool) -> Run:
        return replace(
            run,
            status=RunStatus.RUNNING,
            claim_id=claim_id,
            worker_id=self._worker_id,
            due_at=run.wake_at,
            wake_at=now + self._terms.length,
            attempt_count=1,
            seated=seated,
        )


def _is_due_soon(run: Run, now: datetime) -> bool:
    return (
        run.status is RunStatus.PENDING and run.wake_at is not None and run.wake_at <= now + AHEAD
    )


def _wants_seat(run: Run, now: datetime) -> bool:
    return run.overlap is not Overlap.ALLOW and run.wake_at is not None and run.wake_at <= now
