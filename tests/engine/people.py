"""What people ask of a cluster, and that the model remembers what they were promised."""

from dataclasses import replace

from cronpp_app.composition import Services
from cronpp_app.domain.jobs import JobDefinition, LogAction
from cronpp_app.domain.runs import Run
from cronpp_app.domain.schedules import Schedule, next_fire
from cronpp_app.errors import Conflict, NotFound
from cronpp_app.store.database import Database
from cronpp_app.store.run_documents import run_from
from tests.engine.known import Known, KnownJob
from tests.engine.virtual import VirtualTime
from tests.factories import make_user

ADA = make_user(id="ada")


class People:
    """Ada, who changes her jobs and runs while workers are at them."""

    def __init__(
        self, services: Services, database: Database, known: Known, time: VirtualTime
    ) -> None:
        self._services = services
        self._database = database
        self._known = known
        self._time = time

    async def add_job(self, definition: JobDefinition) -> None:
        action = LogAction(message="version 1")
        job = await self._services.jobs.create(ADA, replace(definition, action=action))
        self._known.jobs[job.id] = KnownJob(messages={1: "version 1"})

    async def edit(self, job_id: str, schedule: Schedule | None) -> None:
        try:
            job = await self._services.jobs.get(ADA, job_id)
        except NotFound:
            return
        message = f"version {job.version + 1}"
        definition = replace(job.definition, action=LogAction(message=message))
        if schedule is not None:
            definition = replace(definition, schedule=schedule)
        edited = await self._services.jobs.edit(ADA, job_id, definition)
        self._known.jobs[job_id].messages[edited.version] = message
        if schedule not in {None, job.definition.schedule} and edited.enabled:
            expected = next_fire(edited.definition.schedule, after=self._time.now())
            if edited.next_run_time != expected:
                self._known.broken.append(
                    f"I13: {edited.next_run_time} after an edit, not {expected}"
                )

    async def pause(self, job_id: str) -> None:
        known = self._known.jobs[job_id]
        if not known.deleted and known.paused_at is None:
            await self._services.jobs.pause(ADA, job_id)
            known.paused_at = self._time.now()

    async def resume(self, job_id: str) -> None:
        known = self._known.jobs[job_id]
        if not known.deleted and known.paused_at is not None:
            try:
                await self._services.jobs.resume(ADA, job_id)
            except Conflict:
                return
            known.pauses.append((known.paused_at, self._time.now()))
            known.paused_at = None

    async def delete(self, job_id: str) -> None:
        if not self._known.jobs[job_id].deleted:
            await self._services.jobs.delete(ADA, job_id)
            self._known.jobs[job_id].deleted = True

    async def run_now(self, job_id: str) -> None:
        if not self._known.jobs[job_id].deleted:
            self._time.advance(0.001)  # a run made by hand right after a pause is a later one
            await self._services.jobs.run_now(ADA, job_id)

    async def cancel(self, number: int) -> None:
        run = await self._pick(number)
        if run is None:
            return
        try:
            await self._services.runs.cancel(ADA, run.id)
        except Conflict:
            return
        self._known.cancelled.add(run.id)

    async def retry(self, number: int) -> None:
        run = await self._pick(number)
        if run is None:
            return
        try:
            await self._services.runs.retry(ADA, run.id)
        except Conflict:
            return
        self._known.hurried.add(run.id)

    async def _pick(self, number: int) -> Run | None:
        found = self._database.runs.find().sort({"fire_time": 1, "_id": 1})
        runs = [run_from(document) async for document in found]
        return runs[number % len(runs)] if runs else None
