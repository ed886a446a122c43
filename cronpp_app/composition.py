"""The one place where objects are built and connected."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from fastapi import FastAPI

from cronpp_app import __version__
from cronpp_app.api.app import build_api
from cronpp_app.api.offered import ApiServices
from cronpp_app.clock import utc_now
from cronpp_app.engine.perform import Performing
from cronpp_app.engine.prepare import Preparing
from cronpp_app.errors import SetupError
from cronpp_app.outbound.caller import Caller
from cronpp_app.outbound.guard import Blocked, EgressRules, check_url, parse_allow
from cronpp_app.outbound.heartbeat import HeartbeatCall
from cronpp_app.sealing import KeyRing, derive_key
from cronpp_app.secret_key import load_secret_key
from cronpp_app.services.accounts import Accounts, SessionLimits
from cronpp_app.services.actions import Actions
from cronpp_app.services.administration import Administration
from cronpp_app.services.audit import Audit
from cronpp_app.services.bulk import BulkJobs
from cronpp_app.services.deletions import Deletions
from cronpp_app.services.departures import Departures, Estate
from cronpp_app.services.histories import Histories
from cronpp_app.services.idempotency import Idempotency
from cronpp_app.services.job_secrets import JobSecrets
from cronpp_app.services.jobs import Jobs
from cronpp_app.services.live import Changes
from cronpp_app.services.live_jobs import LiveJobs
from cronpp_app.services.login_guard import LoginGuard
from cronpp_app.services.metrics import Metrics
from cronpp_app.services.overview import Overviews
from cronpp_app.services.runs import Runs, RunStores
from cronpp_app.services.secrets import Secrets
from cronpp_app.services.signing import Signing
from cronpp_app.services.tokens import Tokens
from cronpp_app.services.transfer import Transfer
from cronpp_app.services.versions import Versions
from cronpp_app.settings import Settings
from cronpp_app.store.accounts import AccountStore
from cronpp_app.store.audit import AuditStore
from cronpp_app.store.belongings import BelongingStore
from cronpp_app.store.bulk import BulkJobStore
from cronpp_app.store.cancels import CancelStore
from cronpp_app.store.counters import CounterStore
from cronpp_app.store.database import Database
from cronpp_app.store.deleted_jobs import DeletedJobStore
from cronpp_app.store.departures import DepartureStore
from cronpp_app.store.due import DueJobStore
from cronpp_app.store.history import HistoryStore
from cronpp_app.store.idempotency import IdempotencyStore
from cronpp_app.store.jobs import JobStore
from cronpp_app.store.keys import Keys, KeyStore
from cronpp_app.store.ledger import Ledger
from cronpp_app.store.measures import MeasureStore
from cronpp_app.store.notices import Notices
from cronpp_app.store.people import PeopleStore
from cronpp_app.store.replays import ReplayStore
from cronpp_app.store.runs import RunStore
from cronpp_app.store.secrets import SecretStore
from cronpp_app.store.sessions import SessionStore
from cronpp_app.store.signing import SigningStore
from cronpp_app.store.throttles import ThrottleStore
from cronpp_app.store.tokens import TokenStore
from cronpp_app.store.versions import VersionStore
from cronpp_app.store.workers import WorkerStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What people can do, for the REST API and the pages alike."""

    accounts: Accounts
    departures: Departures
    audit: Audit
    administration: Administration
    tokens: Tokens
    signing: Signing
    secrets: Secrets
    jobs: Jobs
    deletions: Deletions
    versions: Versions
    bulk_jobs: BulkJobs
    actions: Actions
    transfer: Transfer
    runs: Runs
    overviews: Overviews
    metrics: Metrics
    histories: Histories
    changes: Changes
    live_jobs: LiveJobs
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
    audit = Audit(AuditStore(database, lasting=timedelta(days=settings.audit_days)))
    accounts = _build_accounts(settings, database, audit)
    jobs_of_people = Jobs(jobs, runs, ring=ring, secrets=job_secrets, audit=audit)
    changes = Changes(database)
    bulk_jobs = BulkJobs(bulk, runs, ring=ring, audit=audit)
    return Services(
        accounts=accounts,
        departures=build_departures(database, keys, accounts, audit=audit, retention=retention),
        audit=audit,
        administration=Administration(PeopleStore(database), accounts, bulk_jobs, audit=audit),
        tokens=Tokens(TokenStore(database), accounts, audit=audit),
        signing=Signing(SigningStore(database, keys), audit=audit),
        secrets=Secrets(secrets, audit=audit),
        jobs=jobs_of_people,
        deletions=Deletions(DeletedJobStore(database), jobs_of_people, audit=audit),
        versions=Versions(VersionStore(database), jobs_of_people),
        runs=Runs(run_stores(database, retention), ring=ring, audit=audit),
        bulk_jobs=bulk_jobs,
        transfer=Transfer(jobs, bulk, ring=ring, secrets=job_secrets, audit=audit),
        overviews=Overviews(jobs, ledger, WorkerStore(database)),
        metrics=Metrics(CounterStore(database), MeasureStore(database), WorkerStore(database)),
        changes=changes,
        live_jobs=LiveJobs(jobs, changes),
        histories=Histories(HistoryStore(database)),
        idempotency=Idempotency(IdempotencyStore(database, keys)),
        actions=Actions(build_performing(database, caller, keys).perform),
        caller=caller,
    )


def _build_accounts(settings: Settings, database: Database, audit: Audit) -> Accounts:
    limits = SessionLimits(
        lasts=timedelta(days=settings.session_days),
        idle=timedelta(days=settings.session_idle_days),
    )
    guard = LoginGuard(ThrottleStore(database))
    return Accounts(
        AccountStore(database), guard, audit=audit, signup=settings.signup, limits=limits
    )


def run_stores(database: Database, retention: timedelta) -> RunStores:
    """Return what people's runs are read from and written to."""
    return RunStores(
        ledger=Ledger(database, retention=retention),
        runs=RunStore(database, retention=retention),
        cancels=CancelStore(database, retention=retention),
        replays=ReplayStore(database),
        jobs=JobStore(database),
        due_jobs=DueJobStore(database),
    )


def build_departures(
    database: Database,
    keys: Keys,
    accounts: Accounts,
    *,
    audit: Audit,
    retention: timedelta,
    clock: Callable[[], datetime] = utc_now,
) -> Departures:
    """Return what deletes accounts, from every collection in which people leave something."""
    estate = Estate(
        belongings=BelongingStore(database),
        cancels=CancelStore(database, retention=retention),
        sessions=SessionStore(database),
        tokens=TokenStore(database),
        secrets=SecretStore(database, keys),
        signing=SigningStore(database, keys),
        idempotency=IdempotencyStore(database, keys),
    )
    return Departures(accounts, DepartureStore(database), estate, audit=audit, clock=clock)


def build_web(settings: Settings, services: Services) -> FastAPI:
    """Return the web application with REST API and probes; pages are mounted on it."""
    secret_key = load_secret_key(settings.secret_key, settings.data_dir)
    return build_api(
        offered_by(services),
        secret_key=derive_key(secret_key, "sessions").hex(),
        rate_limit=settings.rate_limit,
        origins=settings.origins,
        proxies=settings.proxies,
    )


def offered_by(services: Services) -> ApiServices:
    """Return what of the services other programs may use."""
    return ApiServices(
        accounts=services.accounts,
        departures=services.departures,
        audit=services.audit,
        administration=services.administration,
        tokens=services.tokens,
        signing=services.signing,
        secrets=services.secrets,
        jobs=services.jobs,
        versions=services.versions,
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


def build_heartbeat(settings: Settings) -> HeartbeatCall | None:
    """Return what calls the operator's heartbeat URL, if there is one; close it with `aclose`."""
    if not settings.heartbeat_url:
        return None
    return HeartbeatCall(settings.heartbeat_url, user_agent=USER_AGENT)


def build_performing(database: Database, caller: Caller, keys: Keys) -> Performing:
    """Return what performs runs with `caller`, signed with the secrets of their owners."""
    preparing = Preparing(SecretStore(database, keys), keys)
    return Performing(caller, SigningStore(database, keys), preparing)
