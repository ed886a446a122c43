"""Anything may happen to a cluster, in any order: the invariants hold.

Hypothesis makes up the story: workers fire, claim, start, record and renew, die at any call
to the database or freeze past their leases, targets answer or hang, people pause, resume,
edit, delete, cancel, retry and run jobs, and time passes. CRONPP_STORIES tells how many
stories (40 by default; nightly thousands). Which planted bugs it finds: docs/reliability.md.
"""

import asyncio
import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from cronpp_app.domain.backoff import Backoff, RetryPolicy
from cronpp_app.domain.jobs import CatchUp, MisfirePolicy, Overlap
from cronpp_app.domain.schedules import IntervalSchedule, OnceSchedule, Schedule
from cronpp_app.sealing import KeyRing
from cronpp_app.store.database import Database, connect
from cronpp_app.store.indexes import ensure_indexes
from cronpp_app.store.keys import Keys, KeyStore
from tests.conftest import SECRET_KEY
from tests.engine.conftest import OK, failure
from tests.engine.model import Cluster, definition
from tests.engine.virtual import VirtualTime

STORIES = int(os.environ.get("CRONPP_STORIES", "40"))
CHAPTERS = 45
WORKERS, MOST_JOBS = 3, 3
DUTIES = ("firing", "claiming", "starting", "recording", "renewing")
ANSWERS = (OK, failure(), failure(retryable=False), failure(retry_after=timedelta(seconds=3)))

worker_numbers = st.integers(0, WORKERS - 1)
job_numbers = st.integers(0, MOST_JOBS - 1)
numbers = st.integers(0, 50)


class Stories(RuleBasedStateMachine):
    """One story of a cluster."""

    loop: ClassVar[asyncio.AbstractEventLoop]
    database: ClassVar[Database]
    keys: ClassVar[Keys]

    def __init__(self) -> None:
        super().__init__()
        self._time = VirtualTime()
        self._everywhere = self._time.everywhere()
        self._everywhere.__enter__()
        self._chapters = 0
        self._cluster = self._do(self._empty_cluster())

    def _do(self, coroutine: Any) -> Any:
        return self.loop.run_until_complete(coroutine)

    async def _empty_cluster(self) -> Cluster:
        """Return a cluster on the database, emptied: cheaper than another with all indexes."""
        database = Database(self.database.client, self.database.raw.name)
        for collection in (database.runs, database.logs, database.jobs, database.rings):
            await collection.delete_many({})
        return Cluster(database, self.keys, self._time)

    @initialize(
        overlap=st.sampled_from(Overlap),
        catch_up=st.sampled_from(CatchUp),
        every=st.sampled_from([1, 5, 60]),
    )
    def begin(self, overlap: Overlap, catch_up: CatchUp, every: int) -> None:
        self._do(self._cluster.start(WORKERS))
        self.add_job(overlap, catch_up, every, 1)

    @precondition(lambda self: len(self._cluster.known.jobs) < MOST_JOBS)
    @rule(
        overlap=st.sampled_from(Overlap),
        catch_up=st.sampled_from(CatchUp),
        every=st.sampled_from([0, 1, 5, 60]),
        retries=st.integers(0, 3),
    )
    def add_job(self, overlap: Overlap, catch_up: CatchUp, every: int, retries: int) -> None:
        misfire = MisfirePolicy(policy=catch_up, grace=timedelta(seconds=10), max_runs=3)
        retry = RetryPolicy(
            max_retries=retries, backoff=Backoff.FIXED, base=timedelta(seconds=2), jitter=True
        )
        policies: dict[str, Any] = {"overlap": overlap, "misfire": misfire, "retry": retry}
        self._do(
            self._cluster.people.add_job(definition(schedule=self._schedule(every), **policies))
        )

    @rule(worker=worker_numbers, duty=st.sampled_from(DUTIES))
    def a_worker_takes_a_step(self, worker: int, duty: str) -> None:
        self._do(self._cluster.step(worker, duty))

    @rule(worker=worker_numbers, seconds=st.sampled_from([0.4, 1.0, 5.0]))
    def a_worker_works(self, worker: int, seconds: float) -> None:
        self._do(self._cluster.pass_time(seconds, healthy=True))
        for duty in ("firing", "claiming", "starting"):
            self._do(self._cluster.step(worker, duty))

    @rule(worker=worker_numbers, duty=st.sampled_from(DUTIES), call=st.integers(0, 5))
    def a_worker_dies_in_the_middle_of_a_step(self, worker: int, duty: str, call: int) -> None:
        self._do(self._cluster.step(worker, duty, dies_at_call=call))

    @rule(worker=worker_numbers)
    def a_worker_dies(self, worker: int) -> None:
        self._do(self._cluster.die(worker))

    @rule(flight=numbers, answer=st.sampled_from(ANSWERS))
    def a_target_answers(self, flight: int, answer: Any) -> None:
        self._do(self._cluster.answer(flight, answer))

    @rule(flight=numbers, answer=st.sampled_from(ANSWERS), worker=worker_numbers)
    def a_target_answers_and_all_is_recorded(self, flight: int, answer: Any, worker: int) -> None:
        self._do(self._cluster.answer(flight, answer))
        for number in range(WORKERS):
            self._do(self._cluster.step((worker + number) % WORKERS, "recording"))

    @rule(seconds=st.sampled_from([0.3, 1.0, 4.0, 14.0, 40.0, 300.0]), healthy=st.booleans())
    def time_passes(self, seconds: float, healthy: bool) -> None:
        self._do(
            self._cluster.pass_time(min(seconds, 40.0) if healthy else seconds, healthy=healthy)
        )

    @rule(frozen=worker_numbers, reaper=worker_numbers)
    def a_worker_freezes_past_its_leases(self, frozen: int, reaper: int) -> None:
        for _ in range(4):
            self._time.advance(4.0)
            for number in range(WORKERS):
                if number != frozen:
                    self._do(self._cluster.step(number, "renewing"))
        self._do(self._cluster.step(reaper, "claiming"))

    @rule(number=job_numbers)
    def somebody_pauses(self, number: int) -> None:
        self._do(self._cluster.people.pause(self._job(number)))

    @rule(number=job_numbers)
    def somebody_resumes(self, number: int) -> None:
        self._do(self._cluster.people.resume(self._job(number)))

    @rule(number=job_numbers, every=st.sampled_from([None, None, 1, 7, 60]))
    def somebody_edits(self, number: int, every: int | None) -> None:
        schedule = None if every is None else self._schedule(every)
        self._do(self._cluster.people.edit(self._job(number), schedule))

    @rule(number=job_numbers, really=st.integers(0, 3))
    def somebody_deletes(self, number: int, really: int) -> None:
        if really == 0:
            self._do(self._cluster.people.delete(self._job(number)))

    @rule(number=job_numbers)
    def somebody_runs_a_job_now(self, number: int) -> None:
        self._do(self._cluster.people.run_now(self._job(number)))

    @rule(number=numbers)
    def somebody_cancels_a_run(self, number: int) -> None:
        self._do(self._cluster.people.cancel(number))

    @rule(number=numbers)
    def somebody_retries_a_run(self, number: int) -> None:
        self._do(self._cluster.people.retry(number))

    @invariant()
    def the_invariants_hold(self) -> None:
        self._chapters += 1
        self._do(self._cluster.invariants.check())
        if self._chapters % 10 == 0:
            self._do(self._cluster.invariants.check_ledger())
        assert self._cluster.known.broken == []

    def teardown(self) -> None:
        try:
            if not self._cluster.known.broken:
                self._do(self._cluster.come_to_rest())
                self._do(self._cluster.invariants.check())
                self._do(self._cluster.invariants.check_ledger())
            assert self._cluster.known.broken == []
        finally:
            self._do(self._cluster.end())
            self._everywhere.__exit__(None, None, None)

    def _job(self, number: int) -> str:
        ids = list(self._cluster.known.jobs)
        return ids[number % len(ids)]

    def _schedule(self, every: int) -> Schedule:
        soon = self._time.now() + timedelta(seconds=0.5)
        if every == 0:
            return OnceSchedule(run_at=soon)
        return IntervalSchedule(every=timedelta(seconds=every), start_at=soon)


@pytest.fixture
def story(mongodb_uri: str, database_name: str) -> Iterator[type[Stories]]:
    """Stories that all play on one database, in one event loop."""
    loop = asyncio.new_event_loop()

    async def prepare() -> Database:
        database = connect(mongodb_uri, database_name)
        await ensure_indexes(database)
        return database

    database = loop.run_until_complete(prepare())
    Stories.loop, Stories.database = loop, database
    Stories.keys = Keys(KeyStore(database), KeyRing(SECRET_KEY))
    yield Stories
    loop.run_until_complete(database.client.close())
    loop.close()


def test_whatever_happens_the_invariants_hold(story: type[Stories]) -> None:
    run_state_machine_as_test(
        story,
        settings=settings(
            max_examples=STORIES,
            stateful_step_count=CHAPTERS,
            deadline=None,
            derandomize="CRONPP_STORIES" not in os.environ,
            suppress_health_check=list(HealthCheck),
            database=None,
            phases=[Phase.generate],  # a story is told as it was found: shrinking takes minutes
            print_blob=False,
        ),
    )
