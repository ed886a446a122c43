"""The one place where objects are built and connected."""

import os
import random
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import uuid4

from fastapi import FastAPI

from cronpp_app import __version__
from cronpp_app.api.app import build_api
from cronpp_app.api.offered import ApiServices
from cronpp_app.clock import monotonic
from cronpp_app.domain.leases import LeaseTerms
from cronpp_app.domain.runs import Run
from cronpp_app.engine.choice import Choice
from cronpp_app.engine.claim import Claiming
from cronpp_app.engine.claims import HeldClaims, Limits
from cronpp_app.engine.database_clock import DatabaseClock
from cronpp_app.engine.execute import Executing, Perform
from cronpp_app.engine.fire import Firing
from cronpp_app.engine.first_claim import FirstClaim
from cronpp_app.engine.loops import Bell
from cronpp_app.engine.perform import Performing
from cronpp_app.engine.prepare import Preparing
from cronpp_app.engine.reap import Reaping
from cronpp_app.engine.record import Recording
from cronpp_app.engine.renew import Renewing
from cronpp_app.engine.runtime import Duties, Pace
from cronpp_app.engine.start import Starting, Stores
from cronpp_app.engine.turns import Turns
from cronpp_app.engine.upkeep import Upkeep
from cronpp_app.errors import SetupError
from cronpp_app.outbound.caller import Caller
from cronpp_app.outbound.guard import Blocked, EgressRules, check_url, parse_allow
from cronpp_app.sealing import KeyRing, derive_key
from cronpp_app.secret_key import load_secret_key
from cronpp_app.services.accounts import Accounts
from cronpp_app.services.actions import Actions
from cronpp_app.services.bulk import BulkJobs
from cronpp_app.services.deletions import Deletions
from cronpp_app.services.idempotency import Idempotency
from cronpp_app.services.job_secrets import JobSecrets
from cronpp_app.services.jobs import Jobs
from cronpp_app.services.live import Changes
from cronpp_app.services.metrics import Metrics
from cronpp_app.services.overview import Overviews
from cronpp_app.services.runs import Runs
from cronpp_app.services.secrets import Secrets
from cronpp_app.services.signing import Signing
from cronpp_app.services.tokens import Tokens
from cronpp_app.services.transfer import Transfer
from cronpp_app.settings import Settings
from cronpp_app.store.accounts import AccountStore
from cronpp_app.store.attempts import AttemptStore
from cronpp_app.store.bulk import BulkJobStore
from cronpp_app.store.cancels import CancelStore
from cronpp_app.store.changes import Notices
from cronpp_app.store.counters import CounterStore
from cronpp_app.store.database import Database
from cronpp_app.store.deleted_jobs import DeletedJobStore
from cronpp_app.store.due import DueJobStore
from cronpp_app.store.idempotency import IdempotencyStore
from cronpp_app.store.jobs import JobStore
from cronpp_app.store.keys import Keys, KeyStore
from cronpp_app.store.ledger import Ledger
from cronpp_app.store.measures import MeasureStore
from cronpp_app.store.queue import queue_of_jobs, queue_of_runs
from cronpp_app.store.replays import ReplayStore
from cronpp_app.store.runs import RunStore
from cronpp_app.store.seats import Seats
from cronpp_app.store.secrets import SecretStore
from cronpp_app.store.signing import SigningStore
from cronpp_app.store.tokens import TokenStore
from cronpp_app.store.workers import WorkerStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What people can do, for the REST API and the pages alike."""

    accounts: Accounts
    tokens: Tokens
    signing: Signing
    secrets: Secrets
    jobs: Jobs
    deletions: Deletions
    bulk_jobs: BulkJobs
    actions: Actions
    transfer: Transfer
    runs: Runs
    overviews: Overviews
    metrics: Metrics
    changes: Changes
    idempotency: Idempotency
    caller: Caller

    async def aclose(self) -> None:
        """Close what is open to others: listeners to changes, connections to targets."""
        await self.changes.aclose()
        await self.caller.aclose()


USER_AGENT = f"Cron++/{__version__}"


async def open_keys(settings: Settings, database: Database) -> Keys:
    """Return what seals secrets; raise SetupError unless our key is the one of this database."""
    store = KeyStore(database)
    is_new = await store.read() is None
    secret_key = load_secret_key(settings.secret_key, settings.data_dir, may_make=is_new)
    keys = Keys(store, KeyRing(secret_key))
    await keys.check()
    return keys


def build_services(settings: Settings, database: Database, keys: Keys) -> Services:
    """Return the services on `database`; needs a running event loop, close with `aclose`."""
    retention = timedelta(days=settings.retention_days)
    runs, jobs = RunStore(database, retention=retention), JobStore(database)
    ledger = Ledger(database, retention=retention)
    bulk = BulkJobStore(database, retention=retention)
    check_target = partial(_check_target, egress_rules(settings))
    ring, secrets = Notices(database).ring, SecretStore(database, keys)
    job_secrets = JobSecrets(secrets, keys, check_target=check_target)
    caller = build_caller(settings)
    accounts = Accounts(AccountStore(database), signup=settings.signup)
    jobs_of_people = Jobs(jobs, runs, ring=ring, secrets=job_secrets)
    return Services(
        accounts=accounts,
        tokens=Tokens(TokenStore(database), accounts),
        signing=Signing(SigningStore(database, keys)),
        secrets=Secrets(secrets),
        jobs=jobs_of_people,
        deletions=Deletions(DeletedJobStore(database), jobs_of_people),
        runs=Runs(
            ledger,
            runs=runs,
            cancels=CancelStore(database, retention=retention),
            replays=ReplayStore(database),
            jobs=jobs,
            due_jobs=DueJobStore(database),
            ring=ring,
        ),
        bulk_jobs=BulkJobs(bulk, runs, ring=ring),
        transfer=Transfer(jobs, bulk, ring=ring, secrets=job_secrets),
        overviews=Overviews(jobs, ledger, WorkerStore(database)),
        metrics=Metrics(CounterStore(database), MeasureStore(database), WorkerStore(database)),
        changes=Changes(database),
        idempotency=Idempotency(IdempotencyStore(database, keys)),
        actions=Actions(build_performing(database, caller, keys).perform),
        caller=caller,
    )


def build_web(settings: Settings, services: Services) -> FastAPI:
    """Return the web application with REST API and probes; pages are mounted on it."""
    secret_key = load_secret_key(settings.secret_key, settings.data_dir)
    return build_api(
        offered_by(services),
        secret_key=derive_key(secret_key, "sessions").hex(),
        rate_limit=settings.rate_limit,
        origins=settings.origins,
    )


def offered_by(services: Services) -> ApiServices:
    """Return what of the services other programs may use."""
    return ApiServices(
        accounts=services.accounts,
        tokens=services.tokens,
        signing=services.signing,
        secrets=services.secrets,
        jobs=services.jobs,
        bulk_jobs=services.bulk_jobs,
        actions=services.actions,
        transfer=services.transfer,
        runs=services.runs,
        overviews=services.overviews,
        metrics=services.metrics,
        idempotency=services.idempotency,
    )


def egress_rules(settings: Settings) -> EgressRules:
    """Return which private addresses may be called; raise SetupError naming a wrong entry."""
    try:
        return parse_allow(settings.egress_allow)
    except ValueError as error:
        raise SetupError(f"{error} (option --egress-allow)") from error


def _check_target(rules: EgressRules, url: str) -> None:
    """Raise ValueError if `url` may not be called; said when a job is saved, not when it runs."""
    try:
        check_url(url, rules)
    except Blocked as error:
        raise ValueError(str(error)) from error


def build_caller(settings: Settings) -> Caller:
    """Return what calls targets; needs a running event loop, close it with `aclose`."""
    return Caller(rules=egress_rules(settings), user_agent=USER_AGENT)


def build_performing(database: Database, caller: Caller, keys: Keys) -> Performing:
    """Return what performs runs with `caller`, signed with the secrets of their owners."""
    preparing = Preparing(SecretStore(database, keys), keys)
    return Performing(caller, SigningStore(database, keys), preparing)


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
    settings: Settings, database: Database, perform: Perform, *, claims_first: bool = True
) -> Duties:
    """Return a worker's duties on `database`, ready to run; `perform` performs runs.

    With `claims_first` it holds the runs it makes from their first moment, if there is room.
    """
    worker_id, terms, draw = worker_name(), LeaseTerms(), random.SystemRandom().random
    retention = timedelta(days=settings.retention_days)
    runs = RunStore(database, retention=retention)
    attempts = AttemptStore(database, retention=retention)
    jobs = DueJobStore(database)
    fire_bell, claim_bell, start_bell = Bell(), Bell(), Bell()
    clock = DatabaseClock(database.server_time, monotonic)
    held = HeldClaims(limits_of(settings), freed=(claim_bell, start_bell))
    turns = Turns(worker_id)
    recording = Recording(
        runs, attempts, jobs, recorded=partial(_release, held), retrying=claim_bell
    )
    reaping = Reaping(attempts, recording, clock, terms=terms, draw=draw)
    executing = Executing(perform, recording, clock, held, draw=draw)
    starting = Starting(
        Stores(runs=runs, seats=Seats(database), attempts=attempts, jobs=jobs),
        clock,
        held,
        begin=executing.begin,
        bell=start_bell,
    )
    claiming = Claiming(
        runs,
        Choice(queue_of_runs(database), turns, room_of=held.room_of),
        clock,
        held,
        worker_id=worker_id,
        terms=terms,
        reaping=reaping,
        claimed=starting.add,
    )
    return Duties(
        firing=Firing(
            jobs,
            Choice(queue_of_jobs(database), turns, room_of=_any_number),
            runs,
            clock,
            fired=claim_bell,
            first_claim=FirstClaim(held, worker_id=worker_id, terms=terms, claimed=starting.add)
            if claims_first
            else None,
        ),
        claiming=claiming,
        starting=starting,
        executing=executing,
        recording=recording,
        renewing=Renewing(
            runs,
            CancelStore(database, retention=retention),
            held,
            terms=terms,
            break_off=executing.break_off,
            let_go=claim_bell,
        ),
        reaping=reaping,
        upkeep=Upkeep(
            WorkerStore(database), CounterStore(database), clock, held, turns, worker_id=worker_id
        ),
        notices=Notices(database),
        fire_bell=fire_bell,
        claim_bell=claim_bell,
    )


def _any_number(_user_id: str) -> int:
    return sys.maxsize


def _release(held: HeldClaims, recorded: Sequence[Run]) -> None:
    for run in recorded:
        held.release(run)
