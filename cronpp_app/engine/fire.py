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
from cronpp_app.engine.database_clock import DatabaseClock
from cronpp_app.engine.loops import Bell
from cronpp_app.store.due import Advance, DueJobStore
from cronpp_app.store.runs import RunStore

log = logging.getLogger("cronpp.worker")

PAGE = 200
# Fire times are turned into runs up to a second ahead, many at once; nothing starts early. A
# look is due when the next one is half of that away, so that looks are few and none is late.
AHEAD = timedelta(seconds=1)
LOOK_AHEAD = AHEAD / 2


class Firing:
    """Looks for due jobs; rings `fired` when it has made runs of them."""

    def __init__(
        self, jobs: DueJobStore, runs: RunStore, clock: DatabaseClock, *, fired: Bell
    ) -> None:
        self._jobs = jobs
        self._runs = runs
        self._clock = clock
        self._fired = fired
        self._next_moment: datetime | None = None

    async def step(self) -> bool:
        """Fire a page of due jobs; return whether there are likely more.

        Runs are inserted first, `next_run_time` advanced after: a crash in between repeats
        harmlessly, while the other order would lose a fire.
        """
        self._next_moment = await self._jobs.next_moment()
        now = self._clock.now()
        if self._next_moment is None or self._next_moment > now + LOOK_AHEAD:
            return False
        due = await self._jobs.due(until=now + AHEAD, limit=PAGE)
        for job_id, reason in due.damaged.items():
            await self._set_aside(job_id, reason, now)
        plans = [(job, plan) for job in due.jobs if (plan := await self._plan(job, now))]
        await self._runs.add([run for job, plan in plans for run in _runs_of(job, plan, now)])
        _tell_misfires(plans, now)
        self._fired.ring()
        await self._jobs.advance([_advance(job, plan) for job, plan in plans])
        self._next_moment = now + AHEAD
        return len(due.jobs) + len(due.damaged) == PAGE

    def seconds_until_look(self) -> float | None:
        """Return how long the next look can wait, or None if no fire time is known."""
        if self._next_moment is None:
            return None
        return (self._next_moment - LOOK_AHEAD - self._clock.now()) / timedelta(seconds=1)

    async def _plan(self, job: Job, now: datetime) -> FirePlan | None:
        """Return the plan of a due job, or set the job aside if its schedule is broken."""
        definition = job.definition
        due = job.next_run_time or now
        plan = partial(plan_fires, definition.schedule, definition.misfire, now=now, ahead=AHEAD)
        try:
            planned = plan(due=due)
            if not planned.gaps:
                return planned
            # Somebody may have died between insert and advance: go on behind what is told.
            told = await self._runs.last_told(job, since=due)
            behind = next_fire(definition.schedule, after=told) if told else due
            return plan(due=behind) if behind else FirePlan(fires=(), gaps=(), next_run_time=None)
        except Exception as error:
            log.exception("schedule is broken", extra={"job_id": job.id})
            await self._set_aside(job.id, f"{type(error).__name__}: {error}", now)
            return None

    async def _set_aside(self, job_id: str, reason: str, now: datetime) -> None:
        log.error("job set aside", extra={"job_id": job_id, "reason": reason})
        message = f"Set aside, because it could not be read: {reason}. Edit it to mend it."
        await self._jobs.set_aside(job_id, reason=message, now=now)


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
