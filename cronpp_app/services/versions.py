"""The versions of a job: what it was before, and back to that."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cronpp_app.clock import utc_now
from cronpp_app.domain.jobs import Job
from cronpp_app.domain.schedules import next_fire
from cronpp_app.domain.versions import Change, JobVersion, Origin, Replaced
from cronpp_app.errors import Conflict, FieldError, InvalidInput, NotFound
from cronpp_app.services.accounts import User
from cronpp_app.services.jobs import Jobs
from cronpp_app.services.paging import Page, check_limit, page_of, read_cursor, write_cursor
from cronpp_app.store.versions import MOST_EARLIER, VersionStore

__all__ = ["JobVersion", "Origin", "VersionQuery", "Versions"]

_POSITION: Final = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionQuery:
    """Which part of the list of a job's versions, the newest first."""

    limit: int = 50
    cursor: str | None = None


class Versions:
    """Versions of people's jobs; the first argument says who asks."""

    def __init__(
        self, store: VersionStore, jobs: Jobs, *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._clock = clock

    async def search(self, user: User, job_id: str, query: VersionQuery) -> Page[JobVersion]:
        """Return the present version and the earlier ones that are kept, the newest first.

        Raises NotFound, InvalidInput.
        """
        check_limit(query.limit)
        below = _read_position(job_id, query.cursor)
        job = await self._jobs.get(user, job_id)
        oldest = _oldest_of(job)
        kept = await self._store.page(
            user.id,
            job.id,
            below=job.version if below is None else min(below, job.version),
            since=oldest - 1,  # one more, for what the oldest of them changed
            limit=query.limit + 2,
        )
        told = _told(job, kept, from_present=below is None)
        told = [one for one in told if one.is_present or one.version >= oldest]
        items, more = told[: query.limit], len(told) > query.limit
        last = (str(items[-1].version), job.id) if more else None
        earlier = await self._store.count(user.id, job.id, below=job.version, since=oldest)
        return page_of(items, next_cursor=write_cursor(_order(job_id), last), counted=1 + earlier)

    async def restore(
        self, user: User, job_id: str, version: int, *, if_version: int | None = None
    ) -> Job:
        """Return the job defined as it was in `version`, which makes a new version of it.

        Secrets stay as they were sealed then. A schedule that is another one counts from now
        on. A job that is defined so already stays as it is. Raises NotFound, StaleVersion,
        InvalidInput, and Conflict if nothing is left of the schedule.
        """
        job = await self._jobs.get(user, job_id)
        if version == job.version:
            return job
        found = await self._store.page(
            user.id, job.id, below=version + 1, since=max(version, _oldest_of(job)), limit=1
        )
        if not found:
            raise NotFound(f"Version {version} of this job is no longer kept, or never existed.")
        definition = found[0].definition
        if definition == job.definition:
            return job
        if (
            definition.schedule != job.definition.schedule
            and next_fire(definition.schedule, after=self._clock()) is None
        ):
            raise Conflict(f"The schedule of version {version} has ended; edit the job instead.")
        return await self._jobs.edit(
            user, job_id, definition, if_version=if_version, restored_from=version
        )


def _oldest_of(job: Job) -> int:
    """Return the earliest version of `job` that is told."""
    return max(1, job.version - MOST_EARLIER)


def _told(job: Job, kept: Sequence[Replaced], *, from_present: bool) -> list[JobVersion]:
    """Return the versions `kept`, behind the present one if that is asked for too."""
    definitions = {job.version: job.definition} if from_present else {}
    definitions |= {one.version: one.definition for one in kept}
    changes = {one.version + 1: one.change for one in kept}
    changes[1] = Change(at=job.created_at, origin=Origin.CREATED)
    return [
        JobVersion(
            version=version,
            definition=definition,
            is_present=version == job.version,
            change=changes.get(version),
            before=definitions.get(version - 1),
        )
        for version, definition in definitions.items()
    ]


def _order(job_id: str) -> str:
    return f"versions {job_id}"


def _read_position(job_id: str, cursor: str | None) -> int | None:
    position = read_cursor(_order(job_id), cursor)
    if position is None:
        return None
    version = position[0]
    if not (isinstance(version, str) and _POSITION.fullmatch(version)):
        raise InvalidInput(FieldError("cursor", "Is not a cursor of this list."))
    return int(version)
