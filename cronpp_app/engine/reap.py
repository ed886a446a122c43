"""Reap: decide about runs whose worker let the lease end."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from cronpp_app.clock import monotonic
from cronpp_app.domain.leases import LeaseTerms
from cronpp_app.domain.runs import Run, lost_result
from cronpp_app.engine.database_clock import DatabaseClock
from cronpp_app.engine.record import Recording, close
from cronpp_app.store.attempts import AttemptStore, Closing, RecordedEnd

log = logging.getLogger("cronpp.worker")


class Reaping:
    """Judges expired runs by what their log says; the same judge as for any other result."""

    def __init__(
        self,
        attempts: AttemptStore,
        recording: Recording,
        clock: DatabaseClock,
        *,
        terms: LeaseTerms,
        draw: Callable[[], float],
    ) -> None:
        self._attempts = attempts
        self._recording = recording
        self._clock = clock
        self._terms = terms
        self._draw = draw
        self._store_failed_at: float | None = None

    def note_store_failure(self) -> None:
        """Remember that the database failed just now: others could not renew, either."""
        self._store_failed_at = monotonic()

    def is_safe(self) -> bool:
        """Return whether an expired lease means a dead worker, not a database that was away."""
        failed_at = self._store_failed_at
        wait = self._terms.length.total_seconds()
        return failed_at is None or monotonic() - failed_at > wait

    async def judge(self, expired: Sequence[Run]) -> None:
        """Decide about each of `expired`, which are claimed by us.

        A closed record already holds the verdict, and only its effect is missing. An open one
        is lost: its request may have been sent. None at all means that nothing was sent, and
        the attempt is not held against the run.
        """
        if not expired:
            return
        records = await self._attempts.take_over(expired)
        unsent = [run for run in expired if run.id not in records]
        foreign = await self._attempts.open_all(unsent, now=self._clock.now())
        for run in expired:
            record = records.get(run.id)
            if isinstance(record, RecordedEnd):
                self._recording.adopt(run, record)
            elif run.id not in foreign:
                self._recording.put(self._lost(run, opened_at=record))
            log.warning(
                "lease had ended",
                extra={"run_id": run.id, "job_id": run.job_id, "attempt": run.attempt_count},
            )

    def _lost(self, run: Run, *, opened_at: datetime | None) -> Closing:
        now = self._clock.now()
        former = run.previous_worker_id or "unknown"
        return close(
            run,
            lost_result(former, sent=opened_at is not None),
            started_at=opened_at or now,
            finished_at=now,
            draw=self._draw(),
        )
