"""From fire times to runs: which of them deserve one, and what becomes of the rest."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cronpp_app.domain.jobs import CatchUp, Job, MisfirePolicy
from cronpp_app.domain.runs import Run, RunStatus, Trigger
from cronpp_app.domain.schedules import (
    Schedule,
    count_fires,
    fires_after,
    latest_fire,
    next_fire,
    start_offset,
)

# A longer row of misfires is told as "more than"; counting on would cost without helping.
COUNT_LIMIT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Fire times that got no run: `count` of them from `first` to `last`, for one reason."""

    first: datetime
    last: datetime
    count: int
    status: RunStatus
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FirePlan:
    """What the due fire times of a job come to, and when it is due next (None: never again)."""

    fires: tuple[datetime, ...]
    gaps: tuple[Gap, ...]
    next_run_time: datetime | None


def plan_fires(
    schedule: Schedule,
    misfire: MisfirePolicy,
    *,
    due: datetime,
    now: datetime,
    ahead: timedelta = timedelta(0),
) -> FirePlan:
    """Decide about all fire times of `schedule` from `due` (the earliest open one) on.

    Those up to `now` and `ahead` of it are decided. One noticed more than the grace late is a
    misfire, and the policy says what misfires are worth. The cost does not grow with the
    length of a downtime.
    """
    deadline, until = now - misfire.grace, now + ahead
    upcoming = next_fire(schedule, after=due)
    if due >= deadline and (upcoming is None or upcoming > until):  # nearly always
        return FirePlan(fires=(due,), gaps=(), next_run_time=upcoming)
    on_time = _fires_between(schedule, after=max(due, deadline) - _TICK, until=until)
    whole = len(on_time) < COUNT_LIMIT  # else the rest is for the next look
    upcoming = next_fire(schedule, after=until if whole else on_time[-1])
    if due >= deadline:
        return FirePlan(fires=on_time, gaps=(), next_run_time=upcoming)
    caught_up = _catch_up(schedule, misfire, due=due, now=now, on_time=bool(on_time))
    gaps = _gaps(schedule, misfire, due=due, deadline=deadline, caught_up=caught_up)
    return FirePlan(fires=caught_up + on_time, gaps=gaps, next_run_time=upcoming)


_TICK = timedelta(milliseconds=1)


def _fires_between(
    schedule: Schedule, *, after: datetime, until: datetime, limit: int = COUNT_LIMIT
) -> tuple[datetime, ...]:
    fires: list[datetime] = []
    for fire in fires_after(schedule, after=after):
        if fire > until or len(fires) == limit:
            break
        fires.append(fire)
    return tuple(fires)


def _catch_up(
    schedule: Schedule, misfire: MisfirePolicy, *, due: datetime, now: datetime, on_time: bool
) -> tuple[datetime, ...]:
    """Return the misfires that get a run all the same, oldest first."""
    before = now - misfire.grace - _TICK  # the last moment that is a misfire
    since = max(due - _TICK, now - misfire.max_age)
    match misfire.policy:
        case CatchUp.LATEST if not on_time:
            latest = latest_fire(schedule, since=due - _TICK, until=before)
            return (latest,) if latest else ()
        case CatchUp.ALL:
            return _latest_fires(schedule, since=since, until=before, limit=misfire.max_runs)
        case _:
            return ()


def _latest_fires(
    schedule: Schedule, *, since: datetime, until: datetime, limit: int
) -> tuple[datetime, ...]:
    fires: list[datetime] = []
    while len(fires) < limit and since < until:
        fire = latest_fire(schedule, since=since, until=until)
        if fire is None:
            break
        fires.append(fire)
        until = fire - _TICK
    return tuple(reversed(fires))


def _gaps(
    schedule: Schedule,
    misfire: MisfirePolicy,
    *,
    due: datetime,
    deadline: datetime,
    caught_up: tuple[datetime, ...],
) -> tuple[Gap, ...]:
    """Return the misfires without a run, which always precede those caught up, as one gap."""
    until = (caught_up[0] if caught_up else deadline) - _TICK
    last = latest_fire(schedule, since=due - _TICK, until=until)
    if last is None:
        return ()
    count = count_fires(schedule, after=due - _TICK, until=last, limit=COUNT_LIMIT)
    skipped = misfire.policy is not CatchUp.ALL
    gap = Gap(
        first=due,
        last=last,
        count=count,
        status=RunStatus.SKIPPED if skipped else RunStatus.MISSED,
        reason=_gap_reason(misfire, first=due, last=last, count=count),
    )
    return (gap,)


def open_gap(
    schedule: Schedule, *, due: datetime, told: datetime | None, until: datetime, reason: str
) -> Gap | None:
    """Return the fire times from `due` to `until` behind the last one `told`, or None if none.

    For a job that is taken off its schedule before these became runs.
    """
    first = due if told is None else next_fire(schedule, after=told)
    if first is None or first > until:
        return None
    last = latest_fire(schedule, since=first - _TICK, until=until) or first
    count = count_fires(schedule, after=first - _TICK, until=last, limit=COUNT_LIMIT)
    return Gap(first=first, last=last, count=count, status=RunStatus.SKIPPED, reason=reason)


def _gap_reason(misfire: MisfirePolicy, *, first: datetime, last: datetime, count: int) -> str:
    grace = round(misfire.grace.total_seconds())
    why = {
        CatchUp.SKIP: "the misfire policy is skip",
        CatchUp.LATEST: "the misfire policy is latest, and a later fire time got the run",
        CatchUp.ALL: f"too old, or more than {misfire.max_runs}, to be caught up",
    }[misfire.policy]
    if count == 1:
        return f"Noticed more than {grace} s late; {why}."
    many = f"more than {count}" if count >= COUNT_LIMIT else str(count)
    span = f"from {first.isoformat()} to {last.isoformat()}"
    return f"{many} fire times {span} were noticed more than {grace} s late; {why}."


def resuming(job: Job, *, now: datetime) -> tuple[int, datetime | None]:
    """Return how many fire times passed while `job` was paused, and the next one after `now`.

    The number stops at COUNT_LIMIT. What passed is not caught up (I11).
    """
    schedule, since = job.definition.schedule, job.paused_at or now
    skipped = count_fires(schedule, after=since, until=now, limit=COUNT_LIMIT)
    return skipped, next_fire(schedule, after=now)


def run_id(job_id: str, fire_time: datetime) -> str:
    """Return the id of the scheduled run of a job at `fire_time`: there can be only one."""
    return f"{job_id}-{round(fire_time.timestamp() * 1000)}"


def scheduled_run(job: Job, *, fire_time: datetime, now: datetime) -> Run:
    """Return the waiting run of `job` for `fire_time`, due then plus the schedule's jitter."""
    offset = start_offset(job.definition.schedule, job_id=job.id, fire_time=fire_time)
    return _run(
        job,
        id=run_id(job.id, fire_time),
        trigger=Trigger.SCHEDULE,
        fire_time=fire_time,
        wake_at=fire_time + offset,
        now=now,
    )


def gap_run(job: Job, gap: Gap, *, now: datetime) -> Run:
    """Return the row of the ledger that tells why the fire times of `gap` got no run."""
    row = _run(
        job,
        id=run_id(job.id, gap.first) + (f"-{gap.count}" if gap.count > 1 else ""),
        trigger=Trigger.SCHEDULE,
        fire_time=gap.first,
        status=gap.status,
        reason=gap.reason,
        now=now,
    )
    return replace(row, last_fire_time=gap.last, fire_count=gap.count)


def manual_run(job: Job, *, run_id: str, now: datetime, trigger: Trigger = Trigger.MANUAL) -> Run:
    """Return a run of `job` that is due at once, besides its schedule."""
    return _run(job, id=run_id, trigger=trigger, fire_time=now, wake_at=now, now=now)


def refreshed_run(run: Run, job: Job) -> Run | None:
    """Return `run`, fired ahead of an edit, as the job now wants it.

    None if the job's schedule no longer names its fire time.
    """
    definition = job.definition
    if next_fire(definition.schedule, after=run.fire_time - _TICK) != run.fire_time:
        return None
    return replace(
        run,
        job_name=definition.name,
        job_version=job.version,
        action=definition.action,
        retry=definition.retry,
        overlap=definition.overlap,
    )


def replayed_run(run: Run, *, run_id: str, now: datetime) -> Run:
    """Return a new run of what `run` was to do, due at once."""
    return Run(
        id=run_id,
        job_id=run.job_id,
        user_id=run.user_id,
        job_name=run.job_name,
        job_version=run.job_version,
        trigger=Trigger.REPLAY,
        fire_time=now,
        status=RunStatus.PENDING,
        action=run.action,
        retry=run.retry,
        overlap=run.overlap,
        created_at=now,
        wake_at=now,
    )


def _run(
    job: Job,
    *,
    id: str,  # noqa: A002 - the field it fills
    trigger: Trigger,
    fire_time: datetime,
    now: datetime,
    wake_at: datetime | None = None,
    status: RunStatus = RunStatus.PENDING,
    reason: str | None = None,
) -> Run:
    definition = job.definition
    return Run(
        id=id,
        job_id=job.id,
        user_id=job.user_id,
        job_name=definition.name,
        job_version=job.version,
        trigger=trigger,
        fire_time=fire_time,
        status=status,
        action=definition.action,
        retry=definition.retry,
        overlap=definition.overlap,
        created_at=now,
        wake_at=wake_at,
        finished_at=now if wake_at is None else None,
        reason=reason,
    )
