from dataclasses import replace

import pytest
from httpx import ASGITransport, AsyncClient
from pymongo import AsyncMongoClient

from cronpp_app.api.app import build_api
from cronpp_app.api.offered import ApiServices
from cronpp_app.services.accounts import Accounts
from cronpp_app.services.login_guard import LoginGuard
from cronpp_app.services.overview import Overviews
from cronpp_app.services.web_sessions import COOKIE
from cronpp_app.store.accounts import AccountStore
from cronpp_app.store.database import Database
from cronpp_app.store.jobs import JobStore
from cronpp_app.store.ledger import Ledger
from cronpp_app.store.throttles import ThrottleStore
from cronpp_app.store.workers import WorkerInfo, WorkerStore
from tests.api.conftest import RETENTION, SECRET
from tests.factories import NOON, make_audit


@pytest.fixture
async def lost(offered: ApiServices, free_port: int):  # type: ignore[no-untyped-def]
    """A client of a web process whose database is gone."""
    client: AsyncMongoClient = AsyncMongoClient(  # type: ignore[type-arg]
        f"mongodb://127.0.0.1:{free_port}", serverSelectionTimeoutMS=100
    )
    database = Database(client, "gone")
    jobs, ledger = JobStore(database), Ledger(database, retention=RETENTION)
    services = replace(
        offered,
        accounts=Accounts(
            AccountStore(database), LoginGuard(ThrottleStore(database)), audit=make_audit(database)
        ),
        overviews=Overviews(jobs, ledger, WorkerStore(database)),
    )
    transport = ASGITransport(build_api(services, secret_key=SECRET))
    async with AsyncClient(transport=transport, base_url="http://cronpp.test") as web:
        yield web
    await client.close()


async def test_readiness_tells_how_many_workers_were_seen(
    stranger: AsyncClient, database: Database
) -> None:
    assert (await stranger.get("/readyz")).json() == {"status": "ready", "workers": 0}
    worker = WorkerInfo(
        id="w1", host="h", pid=1, version="0", slots=5, busy=0, started_at=NOON, seen_at=NOON
    )
    await WorkerStore(database).beat(worker)
    assert (await stranger.get("/readyz")).json() == {"status": "ready", "workers": 1}


async def test_without_a_database_the_process_is_alive_but_not_ready(lost: AsyncClient) -> None:
    assert (await lost.get("/healthz")).status_code == 200
    assert (await lost.head("/healthz")).status_code == 200
    ready = await lost.get("/readyz")
    assert ready.status_code == 503
    assert ready.json()["status"] == "unavailable"


async def test_without_a_database_requests_are_told_to_come_back(lost: AsyncClient) -> None:
    answer = await lost.get("/api/jobs", headers={"Authorization": "Bearer token"})
    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Retry-After"] == "1"
    page = await lost.get("/jobs", headers={"Cookie": f"{COOKIE}=token"})
    assert page.status_code == 503
    assert "database" in page.text
