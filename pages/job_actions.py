"""What people do to a job from its row."""

from collections.abc import Callable

from components.words import counted
from cronpp_app.domain.runs import RunStatus
from cronpp_app.services.accounts import User
from cronpp_app.services.runs import RunQuery
from pages.job_versions import JobVersions
from pages.overlay import tell_closed
from pages.run_log import RunLog
from pages.run_pick import RunPick
from pages.undoing import tell_with_undo
from pages.visitor import Visitor


class JobActions:
    """Does what a row's buttons say; the list shows the outcome as it is told of changes."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self._jobs = visitor.services.jobs
        self.list_address: Callable[[], str] = lambda: "/jobs"

    async def act(self, user: User, verb: str, job_id: str) -> None:
        """Do `verb` ("run", "pause", …) to a job; unknown verbs come from no page of ours."""
        match verb:
            case "run":
                await self._run(user, job_id)
            case "pause" | "resume":
                await self._switch(user, verb, job_id)
            case "copy":
                copy = await self._jobs.duplicate(user, job_id)
                self._visitor.client.open(f"/jobs/{copy.id}/edit")
            case "logs":
                await self.open_log(user, job_id, None)
            case "failure":
                await self.open_log(user, job_id, await self._newest_failed(user, job_id))
            case "versions":
                versions = JobVersions(self._visitor, job_id, on_closed=self._tell_address)
                await versions.open(user)
            case "delete":
                await self._delete(user, job_id)

    async def open_log(self, user: User, job_id: str, run_id: str | None) -> None:
        """Open the log of a job, at a run or at the newest."""
        newest = RunPick(job_id=job_id)
        pick = newest.on(run_id) if run_id is not None else newest
        await RunLog(self._visitor, pick, on_closed=self._tell_address).open(user)

    async def _newest_failed(self, user: User, job_id: str) -> str | None:
        query = RunQuery(job_id=job_id, status=RunStatus.FAILED, limit=1)
        found = await self._visitor.services.runs.search(user, query)
        return found.items[0].id if found.items else None

    def _tell_address(self) -> None:
        tell_closed(self._visitor, self.list_address())

    async def _run(self, user: User, job_id: str) -> None:
        job = await self._jobs.get(user, job_id)
        await self._jobs.run_now(user, job_id)
        self._visitor.tell(f"“{job.definition.name}” runs now.")

    async def _switch(self, user: User, verb: str, job_id: str) -> None:
        if verb == "pause":
            job = await self._jobs.pause(user, job_id)
            tell_with_undo(
                self._visitor,
                f"“{job.definition.name}” is paused.",
                lambda now: self._switch(now, "resume", job_id),
            )
        else:
            resumed = await self._jobs.resume(user, job_id)
            words = f"“{resumed.job.definition.name}” is back on its schedule."
            if resumed.skipped:
                words += f" Resuming skipped {counted(resumed.skipped, 'fire time')}."
            self._visitor.tell(words)

    async def _delete(self, user: User, job_id: str) -> None:
        job = await self._jobs.get(user, job_id)
        await self._visitor.services.deletions.delete(user, job_id)
        tell_with_undo(
            self._visitor,
            f"“{job.definition.name}” is deleted.",
            lambda now: self._restore(now, job_id),
        )

    async def _restore(self, user: User, job_id: str) -> None:
        job = await self._visitor.services.deletions.restore(user, job_id)
        state = "back on its schedule" if job.enabled else "back, and paused"
        self._visitor.tell(f"“{job.definition.name}” is {state}.")
