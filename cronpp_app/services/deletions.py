"""Deleting a job in a way that can be taken back for a moment."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from cronpp_app.clock import utc_now
from cronpp_app.domain.jobs import Job
from cronpp_app.errors import Conflict, NotFound
from cronpp_app.services.accounts import User
from cronpp_app.services.acting import change_at
from cronpp_app.services.audit import Audit, AuditAction, job_target
from cronpp_app.services.jobs import Jobs
from cronpp_app.store.deleted_jobs import DeletedJobStore

# People are offered ten seconds; a slow line must not make an answer in time come late.
KEPT_FOR: Final = timedelta(minutes=1)


class Deletions:
    """Jobs deleted and brought back; the first argument says who asks.

    A job is gone at once, so nothing fires from that moment on, whether or not somebody keeps
    the page open. Only a copy waits, and only to be brought back.
    """

    def __init__(
        self,
        store: DeletedJobStore,
        jobs: Jobs,
        *,
        audit: Audit,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self._audit = audit
        self._jobs = jobs
        self._clock = clock

    async def delete(self, user: User, job_id: str) -> None:
        """Delete a job; its waiting runs end as CANCELLED. Raises NotFound."""
        # The copy first: a crash in between leaves the job, and a copy that is soon forgotten.
        await self._store.keep(user.id, job_id, until=self._clock() + KEPT_FOR)
        await self._jobs.delete(user, job_id)

    async def restore(self, user: User, job_id: str) -> Job:
        """Return a job that was deleted within the last minute, back on its timetable.

        Its cancelled runs stay so, and times that passed meanwhile are not caught up; a one-off
        whose time has passed comes back paused. Raises NotFound if it is too late.
        """
        change = change_at(self._clock(), brings_back=True)
        restored = await self._store.restore(user.id, job_id, change=change)
        if restored is None:
            raise NotFound("This job can no longer be brought back.")
        job, was_scheduled = restored
        await self._audit.note(user, AuditAction.JOB_RESTORED, job_target(job))
        if not was_scheduled:
            return job
        try:
            return (await self._jobs.resume(user, job_id)).job
        except Conflict:  # nothing left to fire
            return job
