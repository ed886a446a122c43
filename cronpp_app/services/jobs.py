"""What people do with their jobs. Other people's jobs are not found."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cronpp_app.clock import utc_now
from cronpp_app.domain.audit import changed_fields
from cronpp_app.domain.fires import manual_run, resuming
from cronpp_app.domain.jobs import Job, JobDefinition, JobStatus
from cronpp_app.domain.runs import Run, Trigger
from cronpp_app.domain.schedules import Schedule, next_fire
from cronpp_app.errors import Conflict, NotFound, StaleVersion
from cronpp_app.services.accounts import User
from cronpp_app.services.acting import change_at
from cronpp_app.services.audit import Audit, AuditAction, AuditTarget, job_target
from cronpp_app.services.drafts import CheckTarget
from cronpp_app.services.job_queries import LONGEST_SEARCH, JobQuery, filter_of, sort_of
from cronpp_app.services.job_secrets import JobSecrets
from cronpp_app.services.open_fires import DELETED, EDITED, PAUSED, OpenFires
from cronpp_app.services.paging import (
    COUNTED_TO,
    Page,
    check_limit,
    page_of,
    read_cursor,
    write_cursor,
)
from cronpp_app.services.previews import SchedulePreview, preview_of
from cronpp_app.store.database import new_id
from cronpp_app.store.jobs import JobStore
from cronpp_app.store.runs import RunStore

__all__ = [
    "LONGEST_SEARCH",
    "JobQuery",
    "Jobs",
    "Page",
    "Resumption",
    "SchedulePreview",
    "filter_of",
]

MOST_TAGS = 50
# Workers find anything later by themselves; waking them for it would be noise.
_SOON = timedelta(seconds=60)
_TRIES = 10
_PREVIEWS_AT_ONCE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumption:
    """A job, resumed or about to be: `skipped` fire times passed while it was paused.

    From COUNT_LIMIT on there may be more of them. `next_run_time` is None if none is left.
    """

    job: Job
    skipped: int
    next_run_time: datetime | None


class Jobs:
    """Jobs of people; the first argument says who asks."""

    def __init__(
        self,
        store: JobStore,
        runs: RunStore,
        *,
        ring: Callable[[], Awaitable[None]],
        secrets: JobSecrets,
        audit: Audit,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """Use `ring` to wake the workers."""
        self._store = store
        self._runs = runs
        self._open_fires = OpenFires(runs)
        self._ring = ring
        self._secrets = secrets
        self._audit = audit
        self._clock = clock
        self._previewing = asyncio.Semaphore(_PREVIEWS_AT_ONCE)

    @property
    def check_target(self) -> CheckTarget | None:
        """Return what raises ValueError for a URL that may not be called, if anything does."""
        return self._secrets.check_target

    async def create(
        self,
        user: User,
        definition: JobDefinition,
        *,
        enabled: bool = True,
        job_id: str | None = None,
    ) -> Job:
        """Return a new job of `user`, or the one made with the same `job_id` before.

        Raises InvalidInput if its URL may not be called, or it refers to an unknown secret.
        """
        await self._secrets.check(user, definition)
        now, job_id = self._clock(), job_id or new_id()
        job = Job(
            id=job_id,
            user_id=user.id,
            version=1,
            definition=await self._secrets.sealed(definition, job_id=job_id),
            status=JobStatus.PENDING if enabled else JobStatus.PAUSED,
            enabled=enabled,
            created_at=now,
            updated_at=now,
            next_run_time=next_fire(definition.schedule, after=now) if enabled else None,
            paused_at=None if enabled else now,
        )
        if not await self._store.add(job):
            return await self.get(user, job_id)
        await self._audit.note(user, AuditAction.JOB_CREATED, job_target(job))
        await self._wake_for(job)
        return job

    async def get(self, user: User, job_id: str) -> Job:
        """Return a job; raise NotFound."""
        job = await self._store.get(user.id, job_id)
        if job is None:
            raise NotFound(f"There is no job {job_id}.")
        return job

    async def tags(self, user: User) -> tuple[str, ...]:
        """Return the tags of this user's jobs in order; of very many the first 50."""
        return tuple(await self._store.tags(user.id, limit=MOST_TAGS))

    async def search(self, user: User, query: JobQuery) -> Page[Job]:
        """Return a page of jobs; raise InvalidInput naming what of the query is wrong."""
        check_limit(query.limit)
        sort, descending = sort_of(query.sort)
        which = await self._store.rarest_first(filter_of(user, query))
        jobs, last = await self._store.page(
            which,
            sort=sort,
            descending=descending,
            limit=query.limit,
            after=read_cursor(f"jobs {query.sort}", query.cursor),
        )
        counted = await self._store.count(which, limit=COUNTED_TO + 1)
        return page_of(jobs, next_cursor=write_cursor(f"jobs {query.sort}", last), counted=counted)

    async def edit(
        self,
        user: User,
        job_id: str,
        definition: JobDefinition,
        *,
        if_version: int | None = None,
        restored_from: int | None = None,
    ) -> Job:
        """Return the job with another definition, and its next run time from now on.

        A schedule that stays keeps its next run time. `restored_from` is told of a definition
        that is that of an earlier version. Raises StaleVersion if `if_version` is given and no
        longer current, NotFound, InvalidInput.
        """
        await self._secrets.check(user, definition)
        definition = await self._secrets.sealed(definition, job_id=job_id)
        for _ in range(_TRIES):
            job = await self.get(user, job_id)
            _check_version(job, if_version)
            now, changes = self._clock(), changed_fields(job.definition, definition)
            upcoming = next_fire(definition.schedule, after=now)
            change = change_at(now, fields=changes, restored_from=restored_from)
            edited = await self._store.edit(job, definition, next_run_time=upcoming, change=change)
            if edited is not None:
                if definition.schedule != job.definition.schedule:
                    await self._open_fires.close([job], reason=EDITED, now=now)
                await self._wake_for(edited)
                target = job_target(edited)
                await self._audit.note(user, AuditAction.JOB_EDITED, target, changes=changes)
                return edited
        raise Conflict("This job keeps being changed by others; try again.")

    async def delete(self, user: User, job_id: str, *, if_version: int | None = None) -> None:
        """Delete a job; its waiting runs end as CANCELLED. Raises NotFound, StaleVersion."""
        deleted = await self._store.delete(user.id, job_id, version=if_version, now=self._clock())
        now = self._clock()
        if deleted is None:
            _check_version(await self.get(user, job_id), if_version)
            raise StaleVersion("This job was changed in the meantime; load it again.")
        await self._open_fires.close(deleted, reason=DELETED, now=now)
        await self._runs.cancel_waiting(job_id, reason="The job was deleted.", now=self._clock())
        target = job_target(deleted[0]) if deleted else AuditTarget(kind="job", id=job_id)
        await self._audit.note(user, AuditAction.JOB_DELETED, target)

    async def pause(self, user: User, job_id: str) -> Job:
        """Return the job, paused: waiting runs end as CANCELLED, running ones go on.

        A job that is paused already stays as it is. Raises NotFound.
        """
        for _ in range(_TRIES):
            job = await self.get(user, job_id)
            if not job.enabled:
                return job
            now = self._clock()
            paused = await self._store.pause(job, now=now)
            if paused is not None:
                await self._open_fires.close([job], reason=PAUSED, now=now)
                # First the job, then its runs: one fired in between finds the job paused.
                await self._runs.cancel_waiting(
                    job_id, reason="The job was paused.", now=self._clock()
                )
                await self._audit.note(user, AuditAction.JOB_PAUSED, job_target(paused))
                return paused
        raise Conflict("This job keeps being changed by others; try again.")

    async def resume(self, user: User, job_id: str) -> Resumption:
        """Return the job, back on its timetable, and what passed meanwhile: it is not caught up.

        Raises Conflict if its schedule has no fire time left, NotFound.
        """
        for _ in range(_TRIES):
            job = await self._sound(user, job_id)
            if job.enabled:
                return Resumption(job=job, skipped=0, next_run_time=job.next_run_time)
            now = self._clock()
            skipped, upcoming = resuming(job, now=now)
            if upcoming is None:
                raise Conflict("The schedule of this job has ended; give it another one first.")
            resumed = await self._store.resume(job, next_run_time=upcoming, now=now)
            if resumed is not None:
                await self._wake_for(resumed)
                await self._audit.note(user, AuditAction.JOB_RESUMED, job_target(resumed))
                return Resumption(job=resumed, skipped=skipped, next_run_time=upcoming)
        raise Conflict("This job keeps being changed by others; try again.")

    async def before_resuming(self, user: User, job_id: str) -> Resumption:
        """Return what `resume` would do now: what it skips, when the job fires; or NotFound."""
        job = await self._sound(user, job_id)
        if job.enabled:
            return Resumption(job=job, skipped=0, next_run_time=job.next_run_time)
        skipped, upcoming = resuming(job, now=self._clock())
        return Resumption(job=job, skipped=skipped, next_run_time=upcoming)

    async def run_now(self, user: User, job_id: str, *, run_id: str | None = None) -> Run:
        """Return a new run of the job, due at once, besides its schedule and even if paused.

        It ends as SKIPPED, with the reason, if the overlap policy forbids it. The same `run_id`
        gives the same run. Raises NotFound.
        """
        job = await self._sound(user, job_id)
        run = manual_run(job, run_id=run_id or new_id(), now=self._clock(), trigger=Trigger.MANUAL)
        await self._runs.add([run])
        await self._ring()
        await self._audit.note(user, AuditAction.JOB_RUN, job_target(job))
        return run

    async def duplicate(self, user: User, job_id: str, *, copy_id: str | None = None) -> Job:
        """Return a paused copy of a job, or the one made as `copy_id` before; raise NotFound."""
        stored = (await self._sound(user, job_id)).definition
        definition = await self._secrets.opened(stored, job_id=job_id)
        name = f"{definition.name[:193]} (copy)"
        return await self.create(
            user, replace(definition, name=name), enabled=False, job_id=copy_id
        )

    async def preview(
        self, schedule: Schedule, *, after: datetime | None = None, count: int = 5
    ) -> SchedulePreview:
        """Return what `schedule` means: its next `count` (1 to 100) fire times after `after`.

        Those of the coming hundred years; far ones of a rare schedule take a while to find.
        """
        async with self._previewing:
            return await asyncio.to_thread(
                preview_of, schedule, after=after or self._clock(), count=count
            )

    async def _sound(self, user: User, job_id: str) -> Job:
        """Return a job that can be read in all its parts; raise Conflict, NotFound."""
        job = await self.get(user, job_id)
        if job.damaged_parts:
            raise Conflict(f"This job is damaged. {job.paused_reason}")
        return job

    async def _wake_for(self, job: Job) -> None:
        if job.next_run_time is not None and job.next_run_time - self._clock() < _SOON:
            await self._ring()


def _check_version(job: Job, if_version: int | None) -> None:
    if if_version is not None and job.version != if_version:
        raise StaleVersion(
            f"This job is at version {job.version} by now, not {if_version}; load it again."
        )
