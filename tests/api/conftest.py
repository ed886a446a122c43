import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from cronpp_app.api.app import build_api
from cronpp_app.api.offered import ApiServices
from cronpp_app.composition import build_departures, run_stores
from cronpp_app.domain.attempts import AttemptResult, ReceivedResponse, SentRequest
from cronpp_app.domain.runs import Run
from cronpp_app.services.accounts import Accounts
from cronpp_app.services.actions import Actions
from cronpp_app.services.administration import Administration
from cronpp_app.services.audit import Audit
from cronpp_app.services.bulk import BulkJobs
from cronpp_app.services.idempotency import Idempotency
from cronpp_app.services.job_secrets import JobSecrets
from cronpp_app.services.jobs import Jobs
from cronpp_app.services.login_guard import LoginGuard
from cronpp_app.services.metrics import Metrics
from cronpp_app.services.overview import Overviews
from cronpp_app.services.passwords import Hasher
from cronpp_app.services.runs import Runs
from cronpp_app.services.secrets import Secrets
from cronpp_app.services.signing import Signing
from cronpp_app.services.tokens import Tokens
from cronpp_app.services.transfer import Transfer
from cronpp_app.services.versions import Versions
from cronpp_app.store.accounts import AccountStore
from cronpp_app.store.bulk import BulkJobStore
from cronpp_app.store.counters import CounterStore
from cronpp_app.store.database import Database
from cronpp_app.store.idempotency import IdempotencyStore
from cronpp_app.store.jobs import JobStore
from cronpp_app.store.keys import Keys
from cronpp_app.store.ledger import Ledger
from cronpp_app.store.measures import MeasureStore
from cronpp_app.store.notices import Notices
from cronpp_app.store.people import PeopleStore
from cronpp_app.store.runs import RunStore
from cronpp_app.store.secrets import SecretStore
from cronpp_app.store.signing import SigningStore
from cronpp_app.store.throttles import ThrottleStore
from cronpp_app.store.tokens import TokenStore
from cronpp_app.store.versions import VersionStore
from cronpp_app.store.workers import WorkerStore
from tests.factories import HOOK, NOON, make_audit

RETENTION = timedelta(days=30)
SECRET = "a secret for tests"
PASSWORD = "correct horse battery"

SignUp = Callable[..., Awaitable[AsyncClient]]


class TestClock:
    """A clock that stands still until it is moved."""

    __test__ = False

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> Any:
        return self.now


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


class TestPerforming:
    """Performs nothing, notes what it was to perform, and answers as it is told."""

    __test__ = False

    def __init__(self) -> None:
        self.runs: list[Run] = []
        self.result = AttemptResult(
            request=SentRequest(method="POST", url=HOOK, headers={"X-Api-Key": "secret-1234"}),
            response=ReceivedResponse(
                status=200, headers={}, body="done", body_truncated=False, size_bytes=4
            ),
        )
        self.begun = asyncio.Semaphore(0)
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def __call__(self, run: Run, _: datetime) -> AttemptResult:
        self.runs.append(run)
        self.begun.release()
        await self.go_on.wait()
        return self.result


@pytest.fixture
def performing() -> TestPerforming:
    return TestPerforming()


@pytest.fixture
def job_secrets(database: Database, keys: Keys) -> JobSecrets:
    return JobSecrets(SecretStore(database, keys), keys)


@pytest.fixture
def audit(database: Database, clock: TestClock) -> Audit:
    return make_audit(database, clock=clock)


@pytest.fixture
def accounts(database: Database, clock: TestClock, audit: Audit) -> Accounts:
    guard, quick = LoginGuard(ThrottleStore(database)), Hasher(time_cost=1, memory_kib=1024)
    return Accounts(AccountStore(database), guard, audit=audit, hasher=quick, clock=clock)


@pytest.fixture
def metrics(database: Database, clock: TestClock) -> Metrics:
    counters, measures = CounterStore(database), MeasureStore(database)
    return Metrics(counters, measures, WorkerStore(database), clock=clock, fresh_seconds=0)


@pytest.fixture
def offered(
    accounts: Accounts,
    audit: Audit,
    database: Database,
    keys: Keys,
    clock: TestClock,
    performing: TestPerforming,
    job_secrets: JobSecrets,
    metrics: Metrics,
) -> ApiServices:
    jobs, runs = JobStore(database), RunStore(database, retention=RETENTION)
    ledger, ring = Ledger(database, retention=RETENTION), Notices(database).ring
    bulk = BulkJobStore(database, retention=RETENTION)
    secrets = SecretStore(database, keys)
    jobs_of_people = Jobs(jobs, runs, ring=ring, secrets=job_secrets, audit=audit, clock=clock)
    bulk_jobs = BulkJobs(bulk, runs, ring=ring, audit=audit, clock=clock)
    return ApiServices(
        accounts=accounts,
        departures=build_departures(
            database, keys, accounts, audit=audit, retention=RETENTION, clock=clock
        ),
        audit=audit,
        administration=Administration(
            PeopleStore(database), accounts, bulk_jobs, audit=audit, clock=clock
        ),
        tokens=Tokens(TokenStore(database), accounts, audit=audit, clock=clock),
        signing=Signing(SigningStore(database, keys), audit=audit, clock=clock),
        secrets=Secrets(secrets, audit=audit, clock=clock),
        jobs=jobs_of_people,
        versions=Versions(VersionStore(database), jobs_of_people, clock=clock),
        bulk_jobs=bulk_jobs,
        transfer=Transfer(jobs, bulk, ring=ring, secrets=job_secrets, audit=audit, clock=clock),
        runs=Runs(run_stores(database, RETENTION), ring=ring, audit=audit, clock=clock),
        overviews=Overviews(jobs, ledger, WorkerStore(database), clock=clock, fresh_seconds=0),
        actions=Actions(performing, clock=clock),
        metrics=metrics,
        idempotency=Idempotency(IdempotencyStore(database, keys), clock=clock),
        clock=clock,
    )


@pytest.fixture
def app(offered: ApiServices) -> FastAPI:
    return build_api(offered, secret_key=SECRET)


@pytest.fixture
async def open_client(app: FastAPI) -> AsyncIterator[Callable[..., Awaitable[AsyncClient]]]:
    """Make clients that speak to the application directly, without a socket."""
    async with AsyncExitStack() as stack:

        async def make(**options: Any) -> AsyncClient:
            transport = ASGITransport(options.pop("app", app))
            client = AsyncClient(transport=transport, base_url="http://cronpp.test", **options)
            return await stack.enter_async_context(client)

        yield make


@pytest.fixture
async def stranger(open_client: Callable[..., Awaitable[AsyncClient]]) -> AsyncClient:
    """Somebody who has not signed in."""
    return await open_client()


@pytest.fixture
async def sign_up(
    stranger: AsyncClient, open_client: Callable[..., Awaitable[AsyncClient]]
) -> SignUp:
    """Make an account and return a client that carries its token."""

    async def make(email: str) -> AsyncClient:
        answer = await stranger.post(
            "/api/auth/signup", json={"email": email, "password": PASSWORD}
        )
        token = answer.json()["token"]
        return await open_client(headers={"Authorization": f"Bearer {token}"})

    return make


@pytest.fixture
async def ada(sign_up: SignUp) -> AsyncClient:
    return await sign_up("ada@example.org")


@pytest.fixture
async def bob(ada: AsyncClient, sign_up: SignUp) -> AsyncClient:
    return await sign_up("bob@example.org")
