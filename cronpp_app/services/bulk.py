"""One operation on many jobs, done by the database in steps of some hundreds.

Every operation means what it means for a single job; what a job does not allow (resuming one
whose schedule has ended) leaves it as it is.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Final

from cronpp_app.clock import utc_now
from cronpp_app.domain.fires import manual_run
from cronpp_app.domain.jobs import Job
from cronpp_app.domain.runs import Run, Trigger
from cronpp_app.domain.schedules import next_fire
from cronpp_app.services.accounts import User
from cronpp_app.services.audit import Audit, AuditAction
from cronpp_app.services.jobs import JobQuery, filter_of
from cronpp_app.services.open_fires import DELETED, PAUSED, OpenFires
from cronpp_app.store.bulk import BulkJobStore, portions
from cronpp_app.store.database import IdFor, any_id
from cronpp_app.store.runs import RunStore

# Small enough for the event loop to serve others in between, large enough to be quick.
_STEP = 250
_TRIES = 10
ACCOUNT_DISABLED: Final = "The account is disabled."
_ENDED_MEANWHILE: Final = "Its time passed while the account was disabled."


class BulkOperation(StrEnum):
    """What can be done to many jobs at once."""

    PAUSE = "pause"
    RESUME = "resume"
    RUN = "run"
    DELETE = "delete"


_TOLD: Final = {
    BulkOperation.PAUSE: AuditAction.JOBS_PAUSED,
    BulkOperation.RESUME: AuditAction.JOBS_RESUMED,
    BulkOperation.RUN: AuditAction.JOBS_RUN,
    BulkOperation.DELETE: AuditAction.JOBS_DELETED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkOutcome:
    """How many jobs there were, and how many of them were changed (or run)."""

    matched: int
    changed: int


class BulkJobs:
    """Operations on many jobs; the first argument says who asks."""

    def __init__(
        self,
        store: BulkJobStore,
        runs: RunStore,
        *,
        ring: Callable[[], Awaitable[None]],
        audit: Audit,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self._runs = runs
        self._open_fires = OpenFires(runs)
        self._ring = ring
        self._audit = audit
        self._clock = clock

    async def of_ids(
        self,
        user: User,
        job_ids: Sequence[str],
        operation: BulkOperation,
        *,
        id_for: IdFor = any_id,
    ) -> BulkOutcome:
        """Do `operation` to those of `job_ids` that are jobs of `user`.

        A run that it makes has the id `id_for` its job; made again, it is the same run.
        """
        owned: list[str] = []
        for some in portions(list(dict.fromkeys(job_ids)), _STEP):
            owned += await self._store.owned(user.id, some)
        return await self._do(user, owned, operation, id_for)

    async def of_query(
        self,
        user: User,
        query: JobQuery,
        operation: BulkOperation,
        *,
        id_for: IdFor = any_id,
    ) -> BulkOutcome:
        """Do `operation` to all jobs that `query` finds now, whatever its limit and cursor.

        Raises InvalidInput naming what of the query is wrong.
        """
        matching = await self._store.matching(filter_of(user, query))
        return await self._do(user, matching, operation, id_for)

    async def suspend(self, user: User) -> None:
        """Pause every job of a disabled account, with the reason; waiting runs are cancelled.

        May be repeated: what is paused already stays as it is.
        """
        job_ids = await self._store.on_timetable(user.id)
        await self._pause(user, job_ids, reason=ACCOUNT_DISABLED)
        # Also runs that somebody started by hand, of jobs that were paused before.
        now = self._clock()
        await self._store.cancel_waiting(user.id, None, reason=ACCOUNT_DISABLED, now=now)

    async def lift(self, user: User) -> None:
        """Put the jobs that `suspend` paused back on the timetable; nothing is caught up."""
        job_ids = await self._store.stopped_for(user.id, ACCOUNT_DISABLED)
        await self._resume(user, job_ids)
        left = await self._store.stopped_for(user.id, ACCOUNT_DISABLED)
        for some in portions(left, _STEP):
            await self._store.explain(user.id, some, reason=_ENDED_MEANWHILE)

    async def _do(
        self, user: User, job_ids: Sequence[str], operation: BulkOperation, id_for: IdFor
    ) -> BulkOutcome:
        verbs: dict[BulkOperation, Callable[[User, Sequence[str]], Awaitable[int]]] = {
            BulkOperation.PAUSE: self._pause,
            BulkOperation.RESUME: self._resume,
            BulkOperation.RUN: partial(self._run, id_for=id_for),
            BulkOperation.DELETE: self._delete,
        }
        changed = await verbs[operation](user, job_ids)
        if changed:
            await self._audit.note(user, _TOLD[operation], count=changed)
        return BulkOutcome(matched=len(job_ids), changed=changed)

    async def _pause(self, user: User, job_ids: Sequence[str], *, reason: str | None = None) -> int:
        paused: set[str] = set()
        for some in portions(job_ids, _STEP):
            now = self._clock()
            due = await self._store.jobs(user.id, some, due_by=now)
            paused.update(await self._store.pause(user.id, some, now=now, reason=reason))
            await self._open_fires.close(due, reason=reason or PAUSED, now=now)
        # First the jobs, then their runs: a run fired in between finds its job paused.
        await self._cancel_waiting(user, paused, reason=reason or "The job was paused.")
        return len(paused)

    async def _delete(self, user: User, job_ids: Sequence[str]) -> int:
        deleted = 0
        for some in portions(job_ids, _STEP):
            now = self._clock()
            due = await self._store.jobs(user.id, some, due_by=now)
            deleted += await self._store.delete(user.id, some, now=now)
            await self._open_fires.close(due, reason=DELETED, now=now)
        await self._cancel_waiting(user, set(job_ids), reason="The job was deleted.")
        return deleted

    async def _cancel_waiting(self, user: User, job_ids: set[str], *, reason: str) -> None:
        if job_ids:
            await self._store.cancel_waiting(user.id, job_ids, reason=reason, now=self._clock())

    async def _resume(self, user: User, job_ids: Sequence[str]) -> int:
        resumed = 0
        for some in portions(job_ids, _STEP):
            resumed += await self._resume_some(user, some)
        if resumed:
            await self._ring()
        return resumed

    async def _resume_some(self, user: User, job_ids: Sequence[str]) -> int:
        resumed = 0
        for _ in range(_TRIES):
            now = self._clock()
            jobs = await self._store.jobs(user.id, job_ids, enabled=False)
            upcoming = [(job, next_fire(job.definition.schedule, after=now)) for job in jobs]
            with_next = [(job, fire) for job, fire in upcoming if fire]
            changed = await self._store.resume(user.id, with_next, now=now) if with_next else 0
            resumed += changed
            if changed == len(with_next):
                break  # else somebody edited one of them in between: look again
        return resumed

    async def _run(self, user: User, job_ids: Sequence[str], *, id_for: IdFor) -> int:
        started = 0
        for some in portions(job_ids, _STEP):
            jobs = await self._store.jobs(user.id, some)
            await self._runs.add([self._manual_run(job, id_for(job.id)) for job in jobs])
            started += len(jobs)
            await self._ring()
        return started

    def _manual_run(self, job: Job, run_id: str) -> Run:
        return manual_run(job, run_id=run_id, now=self._clock(), trigger=Trigger.MANUAL)
