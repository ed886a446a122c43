"""What people do with the runs of their jobs."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cronpp_app.clock import utc_now
from cronpp_app.domain.attempts import Attempt
from cronpp_app.domain.fires import replayed_run
from cronpp_app.domain.runs import (
    FINAL,
    Run,
    RunStatus,
    Trigger,
    cancelled_verdict,
    without_head_start,
)
from cronpp_app.errors import Conflict, FieldError, InvalidInput, NotFound
from cronpp_app.services.accounts import User
from cronpp_app.services.audit import Audit, AuditAction, run_target
from cronpp_app.services.paging import (
    COUNTED_TO,
    Page,
    check_limit,
    page_of,
    read_cursor,
    write_cursor,
)
from cronpp_app.store.cancels import CancelStore, Stopped
from cronpp_app.store.database import IdFor, any_id, new_id
from cronpp_app.store.due import DueJobStore
from cronpp_app.store.jobs import JobStore, Position
from cronpp_app.store.ledger import Ledger, RunFilter, RunSummary
from cronpp_app.store.replays import ReplayCount, ReplayStore
from cronpp_app.store.runs import RunStore
from cronpp_app.store.summaries import Ending

__all__ = ["Page", "ReplayCount", "ReplayQuery", "RunQuery", "RunSummary", "Runs"]

_ORDER = "runs"
BY_HAND = "Cancelled by hand."
_TRIES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQuery:
    """Which runs (fire times from `since`, inclusive, to `until`, exclusive), newest first."""

    job_id: str | None = None
    status: RunStatus | None = None
    trigger: Trigger | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayQuery:
    """Which runs to replay: final ones, by default those that failed."""

    status: RunStatus = RunStatus.FAILED
    job_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStores:
    """The stores in which runs and their jobs are found and changed."""

    ledger: Ledger
    runs: RunStore
    cancels: CancelStore
    replays: ReplayStore
    jobs: JobStore
    due_jobs: DueJobStore


class Runs:
    """Runs of people's jobs; the first argument says who asks."""

    def __init__(
        self,
        stores: RunStores,
        *,
        ring: Callable[[], Awaitable[None]],
        audit: Audit,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._ledger = stores.ledger
        self._runs = stores.runs
        self._cancels = stores.cancels
        self._replays = stores.replays
        self._jobs = stores.jobs
        self._due_jobs = stores.due_jobs
        self._ring = ring
        self._audit = audit
        self._clock = clock

    async def search(self, user: User, query: RunQuery) -> Page[Run]:
        """Return a page of runs, their actions without bodies; raise InvalidInput.

        Fire times of the coming second may be runs already; people see them when they come.
        """
        which, after = self._asked(user, query)
        runs, last = await self._ledger.page(which, limit=query.limit, after=after)
        counted = await self._ledger.count(which, limit=COUNTED_TO + 1)
        seen = self._seen(runs)
        return page_of(seen, next_cursor=write_cursor(_ORDER, last), counted=counted)

    async def newest(self, user: User, query: RunQuery) -> tuple[Run, ...]:
        """Return the runs of a page without counting the others; raise InvalidInput."""
        which, after = self._asked(user, query)
        runs, _ = await self._ledger.page(which, limit=query.limit, after=after)
        return self._seen(runs)

    def _asked(self, user: User, query: RunQuery) -> tuple[RunFilter, Position | None]:
        check_limit(query.limit)
        now = self._clock()
        to_come = now + timedelta(milliseconds=1)
        if query.since and query.until and query.until <= query.since:
            raise InvalidInput(FieldError("until", "Must be after since."))
        which = RunFilter(
            user_id=user.id,
            job_id=query.job_id,
            status=query.status,
            trigger=query.trigger,
            since=query.since,
            until=min(query.until or to_come, to_come),
        )
        return which, read_cursor(_ORDER, query.cursor)

    def _seen(self, runs: Sequence[Run]) -> tuple[Run, ...]:
        now = self._clock()
        return tuple(without_head_start(run, now=now) for run in runs)

    async def get(self, user: User, run_id: str) -> tuple[Run, tuple[Attempt, ...]]:
        """Return a run and its attempts, the first one first; raise NotFound."""
        run = without_head_start(await self._run(user, run_id), now=self._clock())
        return run, await self._ledger.attempts(user.id, run_id)

    async def summary(self, user: User) -> RunSummary:
        """Return how many runs there are by status, and when the first and last ended."""
        return await self._ledger.summary(user.id)

    async def some(self, user: User, run_ids: Sequence[str]) -> tuple[Run, ...]:
        """Return those of `run_ids` that are runs of this user, their actions without bodies."""
        return self._seen(await self._ledger.some(user.id, run_ids))

    async def cancel(self, user: User, run_id: str) -> Run:
        """Return the run: one that waits is cancelled, one that runs is so in a moment.

        From now on the result of a running one does not count; it stays RUNNING until its
        worker has broken it off, or its lease has ended. Raises Conflict if it has ended,
        NotFound.
        """
        cancelled = await self._cancelled(user, run_id)
        await self._audit.note(user, AuditAction.RUN_CANCELLED, run_target(cancelled))
        return cancelled

    async def _cancelled(self, user: User, run_id: str) -> Run:
        for _ in range(_TRIES):
            run = await self._run(user, run_id)
            if run.status in FINAL:
                break
            if run.status is RunStatus.RUNNING:
                return await self._stop(user, run)
            cancelled = await self._ledger.cancel(run, reason=BY_HAND, now=self._clock())
            if cancelled is not None:
                await self._note_cancelled(cancelled)
                return cancelled
        raise Conflict(f"Only a waiting or running run can be cancelled; this is {run.status}.")

    async def _stop(self, user: User, run: Run) -> Run:
        """Return `run`, held by a worker, the way its cancellation leaves it; raise Conflict."""
        stopped = await self._cancels.close_attempt(run, cancelled_verdict(run, BY_HAND))
        if stopped is Stopped.UNSENT:
            await self._note_cancelled(run)
            await self._cancels.end(run, reason=BY_HAND, now=self._clock())
        elif stopped is Stopped.SENT:
            await self._cancels.take_from_worker(run, reason=BY_HAND)
        elif not await self._cancels.among({run.id}):
            raise Conflict("This attempt has just ended; look at the run again.")
        return await self._run(user, run.id)

    async def _note_cancelled(self, run: Run) -> None:
        ending = Ending(
            run=run,
            status=RunStatus.CANCELLED,
            finished_at=self._clock(),
            duration_ms=run.duration_ms or 0,
            error=None,
        )
        await self._due_jobs.note_endings([ending])

    async def retry(self, user: User, run_id: str, *, replay_id: str | None = None) -> Run:
        """Return the run that starts at once: this one if it waits for a retry, else a replay.

        Made with the same `replay_id` again, it is the same replay. Raises Conflict if it waits
        for its first attempt, runs, or has lost its job; NotFound.
        """
        run = await self._run(user, run_id)
        action = AuditAction.RUN_RETRIED
        if run.status in FINAL:
            action, stored = AuditAction.RUN_REPLAYED, await self._replay(user, run, replay_id)
        else:
            hurried = await self._ledger.hurry(run)
            if hurried is None:
                status = (await self._run(user, run_id)).status
                raise Conflict(
                    f"Only a failed or finished run can be retried; this one is {status}."
                )
            stored = hurried
        await self._ring()
        await self._audit.note(user, action, run_target(run))
        return stored

    async def replay_all(
        self,
        user: User,
        query: ReplayQuery,
        *,
        id_for: IdFor = any_id,
        before: datetime | None = None,
    ) -> ReplayCount:
        """Return how many final runs the query matched, and how many got a new run, due at once.

        The new run has the id `id_for` the old one; made again, it is the same. Only runs that
        were due `before` a moment count, by default now: never what this call itself has made.
        Those whose job was deleted get none. Runs of a job that forbids overlap follow one
        after the other. Raises InvalidInput naming what of the query is wrong.
        """
        if query.status not in FINAL:
            names = ", ".join(sorted(FINAL))
            raise InvalidInput(FieldError("filter.status", f"Must be one of {names}."))
        if query.since and query.until and query.until <= query.since:
            raise InvalidInput(FieldError("filter.until", "Must be after filter.since."))
        now = self._clock()
        which = RunFilter(
            user_id=user.id,
            job_id=query.job_id,
            status=query.status,
            since=query.since,
            until=min(query.until or now, before or now, now),
        )
        count = await self._replays.replay(which, now=now, id_for=id_for)
        await self._ring()
        if count.changed:
            await self._audit.note(user, AuditAction.RUNS_REPLAYED, count=count.changed)
        return count

    async def _replay(self, user: User, run: Run, replay_id: str | None) -> Run:
        if await self._jobs.get(user.id, run.job_id) is None:
            raise Conflict("The job of this run was deleted; there is nothing left to run.")
        replay = replayed_run(run, run_id=replay_id or new_id(), now=self._clock())
        await self._runs.add([replay])
        return replay

    async def _run(self, user: User, run_id: str) -> Run:
        run = await self._ledger.get(user.id, run_id)
        if run is None:
            raise NotFound(f"There is no run {run_id}.")
        return run
