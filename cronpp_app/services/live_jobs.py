"""Changed jobs, read once for all the open pages that show them."""

from collections import OrderedDict
from collections.abc import Iterable

from cronpp_app.domain.jobs import Job
from cronpp_app.services.accounts import User
from cronpp_app.services.live import Changes
from cronpp_app.store.jobs import JobStore

_KEPT = 5_000


class LiveJobs:
    """Jobs as they are since their last change that was heard of.

    For pages that were told of a change and listen on: what was read before that change is not
    used again, so nobody sees less than they were told of.
    """

    def __init__(self, store: JobStore, changes: Changes) -> None:
        self._store = store
        self._changes = changes
        self._read: OrderedDict[tuple[str, str], tuple[int, Job]] = OrderedDict()

    async def get(self, user: User, job_ids: Iterable[str]) -> list[Job]:
        """Return those of `job_ids` that are jobs of `user`, in any order."""
        found: list[Job] = []
        missing: dict[str, int] = {}
        for job_id in job_ids:
            heard = self._changes.heard_of(job_id)
            read_at, job = self._read.get((user.id, job_id), (-1, None))
            if job is not None and read_at == heard:
                found.append(job)
            else:
                missing[job_id] = heard
        if missing:
            # Marked with what was heard before reading: a change in between counts as newer.
            for job in await self._store.get_many(user.id, list(missing)):
                self._read[user.id, job.id] = (missing[job.id], job)
                found.append(job)
            while len(self._read) > _KEPT:
                self._read.popitem(last=False)
        return found
