"""A run of one job with its attempts, and the run to compare a failed one with."""

from typing import Any

from cronpp_app.domain.runs import Run
from cronpp_app.errors import NotFound
from cronpp_app.services.accounts import User
from cronpp_app.services.drafts import run_fields
from pages.visitor import Visitor

RunFields = dict[str, Any]


class RunReading:
    """Reads runs of a job; looks once for the good run before each failed one."""

    def __init__(self, visitor: Visitor, job_id: str) -> None:
        self._services = visitor.services
        self._job_id = job_id
        self._known: dict[str, RunFields | None] = {}

    async def read(self, user: User, run_id: str) -> tuple[RunFields, RunFields | None]:
        """Return a run with its attempts, and the last good one before it if it failed.

        Raises NotFound, for a run of another job as well.
        """
        run, attempts = await self._services.runs.get(user, run_id)
        if run.job_id != self._job_id:
            raise NotFound("This run belongs to another job.")
        return run_fields(run, attempts), await self._good_before(user, run)

    async def _good_before(self, user: User, run: Run) -> RunFields | None:
        if run.error is None:
            return None
        if run.id not in self._known:
            found = await self._services.histories.last_good(user, run)
            self._known[run.id] = (
                run_fields(*await self._services.runs.get(user, found.id)) if found else None
            )
        return self._known[run.id]
