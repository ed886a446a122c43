"""Fire: turn fire times that have come into runs. Idempotent, so every worker does it."""

import logging
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from cronpp_app.domain.fires import FirePlan, gap_run, plan_fires, scheduled_run
from cronpp_app.domain.jobs import Job, JobStatus
from cronpp_app.domain.runs import Run
from cronpp_app.domain.schedules import next_fire
from cronpp_app.engine.choice import AHEAD, HORIZON, Choice
from cronpp_app.engine.database_clock import DatabaseClock
from cronpp_app.engine.first_claim import FirstClaim
from cronpp_app.engine.loops import Bell
from cronpp_app.store.due import Advance, DueJobStore
from cronpp_app.store.runs import RunStore

log = logging.getLogger("cronpp.worker")

PAGE = 200
# Large portions are cheaper, small ones keep nobody waiting: neither this process nor MongoDB.
PORTION = 50
# So long a plan may take to be carried out: longer than an operation of the database may.
PLAN_HOLDS = timedelta(seconds=20)


class Firing:
    """Looks for due jobs; rings `fired` when it has made runs of them.

    With `first_claim`, the runs that are due soon are held by this worker from the first moment.
    """

    def __init__(
        self,
        jobs: DueJobStore,
        choice: Choice,
        runs: RunStore,
        clock: DatabaseClock,
        *,
        fired: Bell,
        first_claim: FirstClaim | None = None,
    ) -> None:
        self._jobs = jobs
        self._choice = choice
        self._runs = runs
        self._clock = clock
        self._fired = fired
        self._first_claim = first_claim
        self._looked_at: datetime | None = None

    @property
    def looked_at(self) -> datetime | None:
        """Return when the last look that went well began, or None before the first."""
        return self._looked_at

    async def step(self) -> bool:
        """Fire a page of due jobs; return whether there are likely more.

        Runs are inserted first, `next_run_time` advanced after: a crash in between repeats
        harmlessly, while the other order would lose a fire.
        """
        now = self._clock.now()
        chosen = await self._choice.of(now=now, limit=PAGE)
        portion = PAGE if chosen.late or chosen.herd else PORTION
        for first in range(0, len(chosen.ids), portion):
            ids = chosen.ids[first : first + portion]
            await self._fire(ids, now=now, ahead=HORIZON if chosen.herd else AHEAD)
        self._looked_at = now
        return chosen.more

    def seconds_until_look(self) -> float | None:
        """Return how long the next look can wait, or None before the first."""
        if self._choice.look_at is None:
            return None
        return (self._choice.look_at - self._clock.now()) / timedelta(seconds=1)

    async def _fire(self, job_ids: Sequence[str], *, now: datetime, ahead: timedelta) -> None:
        due = await self._jobs.due(job_ids, until=now + ahead)
        for job_id, reason in due.damaged.items():
            await self._set_aside(job_id, reason, now)
        moments = await self._noticed(due.jobs, now)
        planned = [
            (job, await self._plan(job, noticed_at=moments[job.id], until=now + ahead))
            for job in due.jobs
            if job.id in moments
        ]
        plans = [(job, plan) for job, plan in planned if plan]
        if self._clock.now() - now > PLAN_HOLDS:
            return  # frozen, or without a database: by now others may have decided otherwise
        await self._add([run for job, plan in plans for run in _runs_of(job, plan, now)])
        _tell_misfires(plans, now)
        await self._jobs.advance([_advance(job, plan) for job, plan in plans])

    async def _add(self, runs: Sequence[Run]) -> None:
        # A lease counts from the moment it is asked for; the look may have taken a while.
        ready = self._first_claim.of(runs, now=self._clock.now()) if self._first_claim else runs
        added = await self._runs.add(ready)
        if self._first_claim:
            self._first_claim.keep(ready, added)
        self._fired.ring()

    async def _noticed(self, jobs: Sequence[Job], now: datetime) -> dict[str, datetime]:
        """Return the moment by which to judge misfires, for each of `jobs` that did not change.

        Of those that are late, all workers judge by the moment at which the first of them
        noticed: else what one tells as a gap another would run.
        """
        late = [job for job in jobs if _is_late(job, now)]
        punctual = {job.id: now for job in jobs if not _is_late(job, now)}
        if not late:
            return punctual
        return punctual | await self._jobs.noticed(late, now=now, holds=PLAN_HOLDS)

    async def _plan(self, job: Job, *, noticed_at: datetime, until: datetime) -> FirePlan | None:
        """Return the plan of a due job, or None if it was set aside."""
        due = job.next_run_time or noticed_at
        plan = partial(self._planned, job, now=noticed_at, until=until)
        planned = await plan(due=due)
        if planned is None or not planned.gaps:
            return planned
        # Somebody may have died between insert and advance: go on behind what is told.
        told = await self._runs.last_told(job, since=due)
        behind = next_fire(job.definition.schedule, after=told) if told else due
        if behind is None:
            return FirePlan(fires=(), gaps=(), next_run_time=None)
        return await plan(due=behind)

    async def _planned(
        self, job: Job, *, due: datetime, now: datetime, until: datetime
    ) -> FirePlan | None:
        """Return the plan for the fire times from `due`; set a broken schedule aside."""
        wanted = job.definition
        try:
            return plan_fires(wanted.schedule, wanted.misfire, due=due, now=now, ahead=until - now)
        except Exception as error:
            log.exception("schedule is broken", extra={"job_id": job.id})
            await self._set_aside(job.id, f"{type(error).__name__}: {error}", now)
            return None

    async def _set_aside(self, job_id: str, reason: str, now: datetime) -> None:
        log.error("job set aside", extra={"job_id": job_id, "reason": reason})
        message = (
            f"Set aside, because it could not be read: {reason}. Define it again, or delete it."
        )
        await self._jobs.set_aside(job_id, reason=message, now=now)


def _is_late(job: Job, now: datetime) -> bool:
    """Return whether `job` is about to be a misfire, or is one."""
    due = job.next_run_time
    return due is not None and due < now - job.definition.misfire.grace / 2


def _runs_of(job: Job, plan: FirePlan, now: datetime) -> list[Run]:
    gaps = [gap_run(job, gap, now=now) for gap in plan.gaps]
    return gaps + [scheduled_run(job, fire_time=fire, now=now) for fire in plan.fires]


def _tell_misfires(plans: Sequence[tuple[Job, FirePlan]], now: datetime) -> None:
    """Log what a downtime came to, per misfire policy: fire times caught up, and those not."""
    told: dict[str, Counter[str]] = defaultdict(Counter)
    for job, plan in plans:
        misfire = job.definition.misfire
        late = sum(fire < now - misfire.grace for fire in plan.fires)
        if late or plan.gaps:
            told[misfire.policy.value]["caught_up"] += late
            told[misfire.policy.value]["skipped"] += sum(gap.count for gap in plan.gaps)
    for policy, counts in told.items():
        log.info("fire times were noticed late", extra={"misfire_policy": policy, **counts})


def _advance(job: Job, plan: FirePlan) -> Advance:
    given_up = JobStatus.FAILED if not plan.fires else None
    if job.next_run_time is None:
        raise ValueError(f"job {job.id} is not due")
    return Advance(
        job_id=job.id,
        version=job.version,
        due=job.next_run_time,
        upcoming=plan.next_run_time,
        status_when_ended=given_up,
    )
