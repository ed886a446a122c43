"""Record: write what became of attempts, many in a round trip, in an order that loses nothing."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from cronpp_app.domain.attempts import AttemptResult, AttemptStatus
from cronpp_app.domain.runs import FINAL, POISON, Run, RunStatus, judge_attempt
from cronpp_app.engine.loops import Bell
from cronpp_app.store.attempts import AttemptStore, Closing, RecordedEnd
from cronpp_app.store.due import DueJobStore
from cronpp_app.store.run_documents import error_document
from cronpp_app.store.runs import RunStore
from cronpp_app.store.summaries import Ending

log = logging.getLogger("cronpp.worker")

BATCH = 500
GONE = "The target answered 410 Gone: it asks not to be called again."


class Recording:
    """Collects ended attempts and writes them in batches.

    While a batch is being written the next one gathers, so batches grow with the load and a
    lone result is never held back. `recorded` is called with the runs of each batch, whose
    slots are free from then on; `retrying` rings when some are to be attempted again.
    """

    def __init__(
        self,
        runs: RunStore,
        attempts: AttemptStore,
        jobs: DueJobStore,
        *,
        recorded: Callable[[Sequence[Run]], None],
        retrying: Bell,
    ) -> None:
        self._runs = runs
        self._attempts = attempts
        self._jobs = jobs
        self._recorded = recorded
        self._retrying = retrying
        self._ended: list[Closing] = []
        self._adopted: list[Closing] = []
        self._running: dict[str, Run] = {}
        self.bell = Bell()

    @property
    def is_empty(self) -> bool:
        """Return whether everything that ended has been written."""
        return not self._ended and not self._adopted

    def put(self, closing: Closing) -> None:
        """Have `closing` written with the next batch."""
        self._ended.append(closing)
        self.bell.ring()

    def adopt(self, run: Run, end: RecordedEnd) -> None:
        """Have the effect of an already closed record written for `run`, claimed by us."""
        self._adopted.append(
            Closing(
                run=run,
                status=end.status,
                result=end.result,
                verdict=end.verdict,
                started_at=end.started_at,
                finished_at=end.finished_at,
            )
        )
        self.bell.ring()

    def show_running(self, run: Run) -> None:
        """Have the job of `run` shown as running, unless the run ends before that is written.

        Written here, because only the one who writes ends can tell that none was written.
        """
        self._running[run.id] = run
        self.bell.ring()

    async def step(self) -> bool:
        """Write a batch; return whether there is more. A batch that fails is kept and retried.

        The log record first: whoever closes it decides. Then the job's summary, then the run,
        which stays in the queue until the other two are done, so that a crash in between is
        mended by whoever finds it there.
        """
        ended = _one_of_each_run(self._ended, without=set())
        adopted = _one_of_each_run(self._adopted, without={one.run.id for one in ended})
        await self._show(without={closing.run.id for closing in self._ended})
        if not ended and not adopted:
            return False
        lost = await self._attempts.close_all(ended)
        if lost:
            log.warning("late results dropped", extra={"runs": sorted(lost)})
        valid = [closing for closing in ended if closing.run.id not in lost] + adopted
        await self._jobs.note_endings([_ending(closing) for closing in valid])
        await self._runs.finish([(closing.run, _outcome(closing)) for closing in valid])
        written = {id(closing) for closing in (*ended, *adopted)}
        self._ended = [one for one in self._ended if id(one) not in written]
        self._adopted = [one for one in self._adopted if id(one) not in written]
        self._recorded([closing.run for closing in ended])
        if any(closing.verdict.status is RunStatus.RETRYING for closing in valid):
            self._retrying.ring()
        return not self.is_empty

    async def _show(self, *, without: set[str]) -> None:
        running, self._running = self._running, {}
        job_ids = [run.job_id for run_id, run in running.items() if run_id not in without]
        await self._jobs.mark_running(job_ids)


def _one_of_each_run(closings: Sequence[Closing], *, without: set[str]) -> list[Closing]:
    """Return a batch of the first closings, no two of one run, and of none `without`.

    A worker may hold two words on a run: a late one of its own, and one as its reaper. Each
    must meet the fence by itself.
    """
    batch: dict[str, Closing] = {}
    for closing in closings:
        if len(batch) == BATCH:
            break
        if closing.run.id not in without:
            batch.setdefault(closing.run.id, closing)
    return list(batch.values())


def close(
    run: Run,
    result: AttemptResult,
    *,
    started_at: datetime,
    finished_at: datetime,
    draw: float,
) -> Closing:
    """Return what is to be written about the end of the present attempt of `run`."""
    verdict = judge_attempt(run, result, now=finished_at, draw=draw)
    return Closing(
        run=run,
        status=_attempt_status(result),
        result=result,
        verdict=verdict,
        started_at=started_at,
        finished_at=finished_at,
    )


def _attempt_status(result: AttemptResult) -> AttemptStatus:
    if result.error is None:
        return AttemptStatus.SUCCESS
    return AttemptStatus.LOST if result.lost else AttemptStatus.FAILED


def _ending(closing: Closing) -> Ending:
    error = closing.result.error
    return Ending(
        run=closing.run,
        status=closing.verdict.status,
        finished_at=closing.finished_at,
        duration_ms=closing.duration_ms,
        error=error.message if error else None,
        pause_reason=GONE if closing.verdict.pause_job else None,
        poisoned=closing.verdict.reason == POISON,
    )


def _outcome(closing: Closing) -> dict[str, Any]:
    """Return the fields of the run's document that the end of its attempt decides."""
    run, verdict, error = closing.run, closing.verdict, closing.result.error
    fields: dict[str, Any] = {
        "status": verdict.status.value,
        "lost_count": verdict.lost_count,
        "spared_count": verdict.spared_count,
        "possible_duplicate": verdict.possible_duplicate,
    }
    if error is not None:
        fields["error"] = error_document(error)
    if verdict.reason is not None:
        fields["reason"] = verdict.reason
    if run.attempt_count == 1:
        late = closing.started_at - run.fire_time
        fields["started_at"] = closing.started_at
        fields["lateness_ms"] = max(0, round(late.total_seconds() * 1000))
    if verdict.status in FINAL:
        fields["finished_at"] = closing.finished_at
        fields["duration_ms"] = closing.duration_ms
    else:
        fields["wake_at"] = verdict.retry_at
    return fields
