"""Taking all one's jobs along: export and import."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cronpp_app.clock import utc_now
from cronpp_app.domain.jobs import HttpAction, Job, JobDefinition, JobStatus
from cronpp_app.domain.schedules import next_fire
from cronpp_app.errors import FieldError, InvalidInput
from cronpp_app.services.accounts import User
from cronpp_app.services.audit import Audit, AuditAction
from cronpp_app.services.drafts import enabled_of, parse_job
from cronpp_app.services.fields import Fields, definition_fields
from cronpp_app.services.job_secrets import JobSecrets
from cronpp_app.services.texts import moment_text
from cronpp_app.store.bulk import BulkJobStore, portions
from cronpp_app.store.database import IdAt, any_id
from cronpp_app.store.job_filters import JobFilter, JobSort
from cronpp_app.store.jobs import JobStore

MOST_IMPORTED = 20_000
FORMAT: Final = "cronpp-jobs"
_MOST_PROBLEMS = 100
_PAGE = 200
# Checking a job takes some tenths of a millisecond; after so many others get their turn.
_TURN = 20
_ENVELOPE = frozenset({"format", "exported_at", "jobs"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import made, or would make."""

    jobs: tuple[Job, ...]
    dry_run: bool


class Transfer:
    """Export and import of a person's jobs; the first argument says who asks."""

    def __init__(
        self,
        jobs: JobStore,
        bulk: BulkJobStore,
        *,
        ring: Callable[[], Awaitable[None]],
        secrets: JobSecrets,
        audit: Audit,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._jobs = jobs
        self._bulk = bulk
        self._ring = ring
        self._secrets = secrets
        self._audit = audit
        self._clock = clock
        # An import may take a hundred megabytes while it is checked.
        self._one_at_a_time = asyncio.Semaphore(1)

    async def export(self, user: User) -> AsyncIterator[Fields]:
        """Yield every job of `user` as `import_jobs` takes it, secrets masked, the oldest first.

        A job that has ended is exported as one that is not enabled.
        """
        which, position = JobFilter(user_id=user.id), None
        while True:
            page, position = await self._jobs.page(
                which, sort=JobSort.CREATED_AT, descending=False, limit=_PAGE, after=position
            )
            for job in page:
                enabled = job.enabled and job.next_run_time is not None
                yield {"id": job.id, **definition_fields(job.definition), "enabled": enabled}
            if position is None:
                return

    async def import_jobs(
        self, user: User, data: object, *, dry_run: bool, id_at: IdAt = any_id
    ) -> Imported:
        """Make the jobs of `data`, an export, for `user`: all of them, or none if one is wrong.

        `id` names the job that an entry was exported from: where `user` still has it, a masked
        header keeps its value. New ids are those that `id_at` gives to the places of entries; an
        import with the same ids again is the same import. Raises InvalidInput with the first
        hundred problems, named like "jobs[3].schedule.cron".
        """
        entries = _entries(data)
        async with self._one_at_a_time:
            jobs = await self._checked(user, entries, id_at)
            if not dry_run and await self._bulk.add_all(jobs):
                await self._ring()
                await self._audit.note(user, AuditAction.JOBS_IMPORTED, count=len(jobs))
        return Imported(jobs=tuple(jobs), dry_run=dry_run)

    async def _checked(self, user: User, entries: Sequence[object], id_at: IdAt) -> list[Job]:
        known = await self._known(user, entries)
        jobs: list[Job] = []
        problems: list[FieldError] = []
        for index, entry in enumerate(entries):
            if index % _TURN == 0:
                await asyncio.sleep(0)
            try:
                jobs.append(await self._job(user, entry, known, new_job_id=id_at(index)))
            except InvalidInput as error:
                problems += _within(f"jobs[{index}]", error)
            if len(problems) >= _MOST_PROBLEMS:
                break
        if problems:
            raise InvalidInput(*problems[:_MOST_PROBLEMS])
        return jobs

    async def _known(self, user: User, entries: Sequence[object]) -> dict[str, JobDefinition]:
        """Return the definitions of those jobs of `user` that entries were exported from."""
        ids = [entry.get("id") for entry in entries if isinstance(entry, Mapping)]
        known: dict[str, JobDefinition] = {}
        for some in portions([job_id for job_id in ids if isinstance(job_id, str)], _PAGE):
            for job in await self._bulk.jobs(user.id, some):
                known[job.id] = await self._secrets.opened(job.definition, job_id=job.id)
        return known

    async def _job(
        self,
        user: User,
        entry: object,
        known: Mapping[str, JobDefinition],
        *,
        new_job_id: str,
    ) -> Job:
        if not isinstance(entry, Mapping):
            raise InvalidInput(FieldError("", "Must be a JSON object."))
        job_id = entry.get("id")
        if job_id is not None and not isinstance(job_id, str):
            raise InvalidInput(FieldError("id", "Must be a text."))
        now, enabled = self._clock(), enabled_of(entry) is not False
        definition = parse_job(
            {name: value for name, value in entry.items() if name != "id"},
            now=now,
            check_target=self._secrets.check_target,
            stored=_http_action(known.get(job_id or "")),
            may_have_ended=not enabled,
        )
        await self._secrets.check(user, definition)
        return Job(
            id=new_job_id,
            user_id=user.id,
            version=1,
            definition=await self._secrets.sealed(definition, job_id=new_job_id),
            status=JobStatus.PENDING if enabled else JobStatus.PAUSED,
            enabled=enabled,
            created_at=now,
            updated_at=now,
            next_run_time=next_fire(definition.schedule, after=now) if enabled else None,
            paused_at=None if enabled else now,
        )


def envelope(now: datetime) -> Fields:
    """Return what stands in an export beside its jobs."""
    return {"format": FORMAT, "exported_at": moment_text(now)}


def _entries(data: object) -> list[object]:
    if not isinstance(data, Mapping):
        raise InvalidInput(FieldError("request", "Must be a JSON object, as an export is."))
    unknown = [FieldError(str(n)[:100], "Is not a known field.") for n in data.keys() - _ENVELOPE]
    if unknown:
        raise InvalidInput(*sorted(unknown, key=lambda problem: problem.field)[:_MOST_PROBLEMS])
    if data.get("format", FORMAT) != FORMAT:
        raise InvalidInput(FieldError("format", f'Must be "{FORMAT}".'))
    if not isinstance(data.get("exported_at", ""), str | None):
        raise InvalidInput(FieldError("exported_at", "Must be a text."))
    jobs = data.get("jobs")
    if not isinstance(jobs, list):
        raise InvalidInput(FieldError("jobs", "Is required: the list of jobs."))
    if len(jobs) > MOST_IMPORTED:
        message = f"Must be at most {MOST_IMPORTED:,} jobs at a time, not {len(jobs):,}."
        raise InvalidInput(FieldError("jobs", message))
    return jobs


def _http_action(definition: JobDefinition | None) -> HttpAction | None:
    action = definition.action if definition else None
    return action if isinstance(action, HttpAction) else None


def _within(place: str, error: InvalidInput) -> Iterator[FieldError]:
    for problem in error.errors:
        field = "" if problem.field in {"", "request"} else f".{problem.field}"
        yield FieldError(f"{place}{field}", problem.message)
