"""The isolation matrix, made from the OpenAPI document: a route that is new is in it at once."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx import AsyncClient

from cronpp_app.store.database import Database
from tests.api.conftest import PASSWORD, SignUp
from tests.api.operations import operations
from tests.factories import job_body

OpenClient = Callable[..., Awaitable[AsyncClient]]
# What belongs to nobody but the installation is refused instead of hidden.
ADMIN = "admin"
ADA = {"email": "ada@example.org", "password": PASSWORD}


@pytest.fixture
async def adas(ada: AsyncClient, stranger: AsyncClient) -> dict[str, str]:
    """What Ada has, by the name of the path parameter that would name it."""
    job = (await ada.post("/api/jobs", json=job_body())).json()
    run = (await ada.post(f"/api/jobs/{job['id']}/run")).json()["run"]
    token = (await ada.post("/api/tokens", json={"name": "CI", "scope": "read"})).json()
    await ada.post("/api/secrets", json={"name": "ADAS", "value": "a value of Ada's"})
    await stranger.post("/api/auth/login", json=ADA)  # on another device
    sessions = (await ada.get("/api/auth/sessions")).json()["items"]
    (elsewhere,) = [session["id"] for session in sessions if not session["current"]]
    ids = {"job_id": job["id"], "run_id": run["id"], "token_id": token["id"]}
    ids["user_id"] = (await ada.get("/api/auth/me")).json()["id"]
    return {**ids, "name": "ADAS", "session_id": elsewhere, "version": "1"}


async def _everything(database: Database) -> dict[str, list[Any]]:
    """Return all that people own, to see whether it stays as it is."""
    names = sorted(set(await database.raw.list_collection_names()) - {"sessions", "counters"})
    return {name: await database.raw[name].find({}).sort({"_id": 1}).to_list() for name in names}


async def test_what_is_anothers_is_not_found_on_any_route_and_stays_as_it_is(
    adas: dict[str, str], bob: AsyncClient, database: Database
) -> None:
    before = await _everything(database)
    found: dict[str, int] = {}
    for operation in await operations(bob):
        if not operation.parameters:
            continue
        assert adas.keys() >= set(operation.parameters), f"what of Ada's would {operation} name?"
        status = (await operation.send(bob, **adas)).status_code
        if status != 404 and not (status == 403 and ADMIN in operation.tags):
            found[str(operation)] = status
    assert found == {}
    assert await _everything(database) == before


async def test_ones_own_is_found_on_every_route(adas: dict[str, str], ada: AsyncClient) -> None:
    """Or the test above would prove nothing."""
    missed: dict[str, int] = {}
    deleting_last = sorted(await operations(ada), key=lambda one: one.method == "DELETE")
    for operation in deleting_last:
        if operation.parameters and ADMIN not in operation.tags:
            status = (await operation.send(ada, **adas)).status_code
            if status in {401, 403, 404, 405}:
                missed[str(operation)] = status
    assert missed == {}


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer cpp_nonsense"}])
async def test_strangers_are_asked_to_sign_in_on_every_route(
    header: dict[str, str], stranger: AsyncClient, adas: dict[str, str], database: Database
) -> None:
    before = await _everything(database)
    let_in: dict[str, int] = {}
    stranger.headers.update(header)
    for operation in await operations(stranger):
        if not operation.is_open:
            status = (await operation.send(stranger, **adas)).status_code
            if status != 401:
                let_in[str(operation)] = status
    assert let_in == {}
    assert await _everything(database) == before


async def test_a_read_token_changes_nothing_on_any_route(
    ada: AsyncClient, adas: dict[str, str], database: Database, open_client: OpenClient
) -> None:
    made = await ada.post("/api/tokens", json={"name": "reader", "scope": "read"})
    headers = {"Authorization": f"Bearer {made.json()['token']}"}
    reader = await open_client(headers=headers)
    await reader.get("/api/auth/me")  # notes the use of the token
    before = await _everything(database)
    let_in: dict[str, int] = {}
    for operation in await operations(ada):
        if operation.writes and not operation.is_open:
            status = (await operation.send(reader, **adas)).status_code
            if status != 403:
                let_in[str(operation)] = status
    assert let_in == {}
    assert await _everything(database) == before


async def test_no_token_reaches_account_matters(
    ada: AsyncClient, adas: dict[str, str], open_client: OpenClient
) -> None:
    made = await ada.post("/api/tokens", json={"name": "writer", "scope": "write"})
    headers = {"Authorization": f"Bearer {made.json()['token']}"}
    writer = await open_client(headers=headers)
    open_to_tokens = {"jobs", "runs", "schedules", "actions", "stats", "transfer", "secrets"}
    let_in: dict[str, int] = {}
    for operation in await operations(ada):
        ours = set(operation.tags) <= open_to_tokens or str(operation) == "GET /api/auth/me"
        if not operation.is_open and not ours:
            status = (await operation.send(writer, **adas)).status_code
            if status != 403:
                let_in[str(operation)] = status
    assert let_in == {}


async def test_lists_of_different_people_never_meet(
    adas: dict[str, str], ada: AsyncClient, sign_up: SignUp
) -> None:
    carl = await sign_up("carl@example.org")
    names = {"items", "jobs"}
    for operation in await operations(ada):
        if operation.method == "GET" and not operation.parameters and not operation.is_open:
            answer = (await operation.send(carl)).json()
            for name in names & answer.keys():
                others = [item for item in answer[name] if not _is_of_carl(item)]
                assert others == [], operation
            hers = [one for name, one in adas.items() if name != "version"]  # a mere number
            assert not any(one in str(answer) for one in hers), operation


def _is_of_carl(item: dict[str, Any]) -> bool:
    """The session that asks, and what the audit log tells of how it began, are there already."""
    return bool(item.get("current")) or item.get("actor") == "carl@example.org"
