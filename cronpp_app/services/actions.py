"""Trying out an action before there is a job for it: once, now, and nothing is stored."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from cronpp_app.clock import utc_now
from cronpp_app.domain.attempts import Attempt, AttemptResult, AttemptStatus
from cronpp_app.domain.backoff import RetryPolicy
from cronpp_app.domain.jobs import Action, HttpAction, Overlap
from cronpp_app.domain.runs import Run, RunStatus, Trigger
from cronpp_app.errors import TooMany
from cronpp_app.services.accounts import User
from cronpp_app.store.database import new_id

# Said to targets in place of a job's id, and in the answer in place of a worker's name.
TEST = "test"
# Somebody waits for the answer; a job's own deadline may be an hour.
LONGEST_TEST = timedelta(seconds=60)
MOST_PER_USER, MOST_IN_ALL = 3, 30
_COME_BACK_SECONDS = 2

# Performs a run once, at the moment given, as workers do.
Perform = Callable[[Run, datetime], Awaitable[AttemptResult]]


class Actions:
    """Actions that people try out; the first argument says who asks."""

    def __init__(self, perform: Perform, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._perform = perform
        self._clock = clock
        self._under_way: Counter[str] = Counter()

    async def test(self, user: User, action: Action, *, job_id: str = TEST) -> Attempt:
        """Return what came of performing `action` once, within 60 s at most.

        `job_id` is the job of this user whose sealed headers are in the action, if any are.
        Raises TooMany while three tests of this user, or thirty in this process, are under way.
        """
        async with self._place(user):
            run = self._run_of(user, action, job_id)
            result = await self._perform(run, run.fire_time)
        return _attempt(run, result, finished_at=self._clock())

    @asynccontextmanager
    async def _place(self, user: User) -> AsyncIterator[None]:
        if self._under_way[user.id] >= MOST_PER_USER:
            message = f"{MOST_PER_USER} tests of yours are under way; wait until one has ended."
            raise TooMany(message, retry_after_seconds=_COME_BACK_SECONDS)
        if self._under_way.total() >= MOST_IN_ALL:
            message = "Too many people test actions right now; try again in a moment."
            raise TooMany(message, retry_after_seconds=_COME_BACK_SECONDS)
        self._under_way[user.id] += 1
        try:
            yield
        finally:
            self._under_way[user.id] -= 1
            if not self._under_way[user.id]:
                del self._under_way[user.id]

    def _run_of(self, user: User, action: Action, job_id: str) -> Run:
        """Return a run that exists here only, so that an action is performed as ever."""
        if isinstance(action, HttpAction):
            action = replace(action, timeout=min(action.timeout, LONGEST_TEST))
        now = self._clock()
        return Run(
            id=new_id(),
            job_id=job_id,
            user_id=user.id,
            job_name=TEST,
            job_version=0,
            trigger=Trigger.MANUAL,
            fire_time=now,
            status=RunStatus.RUNNING,
            action=action,
            retry=RetryPolicy(max_retries=0),
            overlap=Overlap.ALLOW,
            created_at=now,
            attempt_count=1,
            worker_id=TEST,
        )


def _attempt(run: Run, result: AttemptResult, *, finished_at: datetime) -> Attempt:
    return Attempt(
        run_id=run.id,
        number=run.attempt_count,
        worker_id=TEST,
        status=AttemptStatus.SUCCESS if result.ok else AttemptStatus.FAILED,
        started_at=run.fire_time,
        finished_at=finished_at,
        duration_ms=round((finished_at - run.fire_time) / timedelta(milliseconds=1)),
        request=result.request,
        response=result.response,
        error=result.error,
    )
