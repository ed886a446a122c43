"""The web application on a port of its own, in a thread with its own loop and connection."""

import asyncio
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import uvicorn

from cronpp_app.api.app import build_api
from cronpp_app.composition import build_departures, build_services, offered_by
from cronpp_app.sealing import KeyRing
from cronpp_app.services.accounts import Accounts
from cronpp_app.services.actions import Actions
from cronpp_app.services.administration import Administration
from cronpp_app.services.login_guard import LoginGuard
from cronpp_app.services.passwords import Hasher
from cronpp_app.settings import Settings
from cronpp_app.store.accounts import AccountStore
from cronpp_app.store.database import connect
from cronpp_app.store.indexes import ensure_indexes
from cronpp_app.store.keys import Keys, KeyStore
from cronpp_app.store.people import PeopleStore
from cronpp_app.store.throttles import ThrottleStore
from tests.api.conftest import PASSWORD, SECRET, TestPerforming

_STARTS_WITHIN_SECONDS = 30


class RunningApi:
    """A server for clients that are no part of this process; it calls no targets."""

    def __init__(self, uri: str, name: str, folder: Path) -> None:
        self._uri, self._name, self._folder = uri, name, folder
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._ready.wait(_STARTS_WITHIN_SECONDS), "the server did not start"
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"

    def sign_up(self, email: str) -> httpx.Client:
        """Return a client that carries the token of a new account."""
        credentials = {"email": email, "password": PASSWORD}
        token = httpx.post(f"{self.url}/api/auth/signup", json=credentials).json()["token"]
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {token}"})

    def stop(self) -> None:
        """Stop serving, and wait until that is done."""
        self._server.should_exit = True
        self._thread.join()

    async def _serve(self) -> None:
        database = connect(self._uri, self._name)
        await ensure_indexes(database)
        keys = Keys(KeyStore(database), KeyRing(SECRET))
        services = build_services(Settings(data_dir=self._folder), database, keys)
        quick = Accounts(
            AccountStore(database),
            LoginGuard(ThrottleStore(database)),
            audit=services.audit,
            hasher=Hasher(time_cost=1, memory_kib=1024),
        )
        retention = timedelta(days=30)
        departures = build_departures(
            database, keys, quick, audit=services.audit, retention=retention
        )
        administration = Administration(
            PeopleStore(database), quick, services.bulk_jobs, audit=services.audit
        )
        replaced = {
            "accounts": quick,
            "departures": departures,
            "administration": administration,
        }
        offered = offered_by(replace(services, actions=Actions(TestPerforming()), **replaced))
        app = build_api(offered, secret_key=SECRET)
        self._server = _Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
        self._server.started_to_serve = self._ready
        await self._server.serve()
        await services.aclose()
        await database.client.close()


class _Server(uvicorn.Server):
    started_to_serve: threading.Event

    async def startup(self, sockets: object = None) -> None:
        await super().startup()
        self.started_to_serve.set()
