"""Fire times that had come, but that no worker had noticed yet when their job was changed."""

from collections.abc import Sequence
from datetime import datetime

from cronpp_app.domain.fires import gap_run, open_gap
from cronpp_app.domain.jobs import Job
from cronpp_app.domain.runs import Run
from cronpp_app.store.runs import RunStore

PAUSED = "The job was paused before a worker noticed this time."
DELETED = "The job was deleted before a worker noticed this time."
EDITED = "The schedule was changed before a worker noticed this time."


class OpenFires:
    """Sees to it that every fire time of an active job has a run, or a row that says why not."""

    def __init__(self, runs: RunStore) -> None:
        self._runs = runs

    async def close(self, jobs: Sequence[Job], *, reason: str, now: datetime) -> None:
        """Note what was due up to `now` and is not in the ledger, as SKIPPED for `reason`.

        `jobs` are as they were before the change. A worker that fires the same moment meets
        these rows, as it would meet another worker's runs.
        """
        rows = [row for job in jobs if (row := await self._row(job, reason, now))]
        await self._runs.add(rows)

    async def _row(self, job: Job, reason: str, now: datetime) -> Run | None:
        due = job.next_run_time
        if due is None or due > now:
            return None
        told = await self._runs.last_told(job, since=due)
        gap = open_gap(job.definition.schedule, due=due, told=told, until=now, reason=reason)
        return gap_run(job, gap, now=now) if gap else None
