"""Where a worker's objects are built and connected."""

import os
import random
import socket
import sys
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from uuid import uuid4

from cronpp_app.clock import monotonic, utc_now
from cronpp_app.domain.leases import LeaseTerms
from cronpp_app.domain.runs import Run
from cronpp_app.engine.choice import Choice
from cronpp_app.engine.claim import Claiming
from cronpp_app.engine.claims import HeldClaims, Limits
from cronpp_app.engine.database_clock import DatabaseClock
from cronpp_app.engine.execute import Executing, Perform
from cronpp_app.engine.fire import Firing
from cronpp_app.engine.first_claim import FirstClaim
from cronpp_app.engine.heartbeat import Call, Heartbeat, VitalSigns
from cronpp_app.engine.loops import Bell
from cronpp_app.engine.reap import Reaping
from cronpp_app.engine.record import Recording
from cronpp_app.engine.renew import Renewing
from cronpp_app.engine.runtime import Duties, Pace
from cronpp_app.engine.start import Starting, Stores
from cronpp_app.engine.turns import Turns
from cronpp_app.engine.upkeep import Upkeep
from cronpp_app.settings import Settings
from cronpp_app.store.abandoned import AbandonedTransactions
from cronpp_app.store.attempts import AttemptStore
from cronpp_app.store.cancels import CancelStore
from cronpp_app.store.counters import CounterStore
from cronpp_app.store.database import Database
from cronpp_app.store.due import DueJobStore
from cronpp_app.store.heartbeats import HeartbeatStore
from cronpp_app.store.measures import MeasureStore
from cronpp_app.store.notices import Notices
from cronpp_app.store.queue import queue_of_jobs, queue_of_runs
from cronpp_app.store.runs import RunStore
from cronpp_app.store.seats import Seats
from cronpp_app.store.workers import WorkerStore


def pace_of(settings: Settings) -> Pace:
    """Return how often a worker looks, and how long it drains."""
    return Pace(
        poll_seconds=settings.poll_seconds,
        drain_seconds=settings.drain_seconds,
        terms=LeaseTerms(),
    )


def limits_of(settings: Settings) -> Limits:
    """Return how much a worker does at a time; a share never exceeds the slots."""
    slots = settings.slots
    return Limits(
        slots=slots,
        of_user=min(slots, settings.user_slots or max(1, slots * 4 // 5)),
        to_host=min(slots, settings.host_slots or slots),
    )


def worker_name() -> str:
    """Return a name that tells host and process, and is never used twice."""
    return f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:4]}"


def build_worker(
    settings: Settings,
    database: Database,
    perform: Perform,
    *,
    claims_first: bool = True,
    heartbeat: Call | None = None,
) -> Duties:
    """Return a worker's duties on `database`, ready to run; `perform` performs runs.

    With `claims_first` it holds the runs it makes from their first moment, if there is room.
    `heartbeat` is called once a minute, by one of all workers, while the engine is healthy.
    """
    worker = _Worker(settings, database)
    return worker.duties(perform, claims_first=claims_first, heartbeat=heartbeat)


class _Worker:
    """What the duties of one worker share."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.database = database
        self.retention = timedelta(days=settings.retention_days)
        self.id, self.terms = worker_name(), LeaseTerms()
        self.draw = random.SystemRandom().random
        self.runs = RunStore(database, retention=self.retention)
        self.attempts = AttemptStore(database, retention=self.retention)
        self.jobs = DueJobStore(database)
        self.clock = DatabaseClock(database.server_time, monotonic)
        self.fire_bell, self.claim_bell, self.start_bell = Bell(), Bell(), Bell()
        self.held = HeldClaims(limits_of(settings), freed=(self.claim_bell, self.start_bell))
        self.turns = Turns(self.id)

    def duties(
        self, perform: Perform, *, claims_first: bool, heartbeat: Call | None = None
    ) -> Duties:
        recording = Recording(
            self.runs,
            self.attempts,
            self.jobs,
            recorded=partial(_release, self.held),
            retrying=self.claim_bell,
        )
        reaping = Reaping(self.attempts, recording, self.clock, terms=self.terms, draw=self.draw)
        executing = Executing(perform, recording, self.clock, self.held, draw=self.draw)
        starting = self._starting(executing)
        firing = self._firing(starting if claims_first else None)
        return Duties(
            firing=firing,
            claiming=self._claiming(starting, reaping),
            starting=starting,
            executing=executing,
            recording=recording,
            renewing=self._renewing(executing),
            reaping=reaping,
            upkeep=self._upkeep(heartbeat and self._heartbeat(heartbeat, firing)),
            notices=Notices(self.database),
            fire_bell=self.fire_bell,
            claim_bell=self.claim_bell,
        )

    def _firing(self, starting: Starting | None) -> Firing:
        first_claim = None
        if starting is not None:
            first_claim = FirstClaim(
                self.held, worker_id=self.id, terms=self.terms, claimed=starting.add
            )
        return Firing(
            self.jobs,
            Choice(queue_of_jobs(self.database), self.turns, room_of=_any_number),
            self.runs,
            self.clock,
            fired=self.claim_bell,
            first_claim=first_claim,
        )

    def _claiming(self, starting: Starting, reaping: Reaping) -> Claiming:
        return Claiming(
            self.runs,
            Choice(queue_of_runs(self.database), self.turns, room_of=self.held.room_of),
            self.clock,
            self.held,
            worker_id=self.id,
            terms=self.terms,
            reaping=reaping,
            claimed=starting.add,
        )

    def _starting(self, executing: Executing) -> Starting:
        stores = Stores(
            runs=self.runs, seats=Seats(self.database), attempts=self.attempts, jobs=self.jobs
        )
        return Starting(stores, self.clock, self.held, begin=executing.begin, bell=self.start_bell)

    def _renewing(self, executing: Executing) -> Renewing:
        return Renewing(
            self.runs,
            CancelStore(self.database, retention=self.retention),
            self.held,
            terms=self.terms,
            break_off=executing.break_off,
            let_go=self.claim_bell,
        )

    def _heartbeat(self, call: Call, firing: Firing) -> Heartbeat:
        signs = VitalSigns(
            server_time=self.database.server_time,
            wall_clock=utc_now,
            oldest_due=MeasureStore(self.database).oldest_due,
            looked_at=lambda: firing.looked_at,
        )
        return Heartbeat(HeartbeatStore(self.database), signs, self.clock, call=call)

    def _upkeep(self, heartbeat: Heartbeat | None) -> Upkeep:
        return Upkeep(
            WorkerStore(self.database),
            CounterStore(self.database),
            self.clock,
            self.held,
            self.turns,
            AbandonedTransactions(self.database),
            worker_id=self.id,
            heartbeat=heartbeat,
        )


def _any_number(_user_id: str) -> int:
    return sys.maxsize


def _release(held: HeldClaims, recorded: Sequence[Run]) -> None:
    for run in recorded:
        held.release(run)
