"""API tokens: what they open, what they do not, and how they end."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from cronpp_app.services.texts import moment_text
from cronpp_app.store.database import Database
from tests.api.conftest import TestClock
from tests.factories import NOON, job_body

OpenClient = Callable[..., Awaitable[AsyncClient]]
MakeProgram = Callable[..., Awaitable[AsyncClient]]


async def _make(owner: AsyncClient, **fields: Any) -> dict[str, Any]:
    answer = await owner.post("/api/tokens", json={"name": "CI", "scope": "write"} | fields)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


@pytest.fixture
async def program(ada: AsyncClient, open_client: OpenClient) -> MakeProgram:
    """A program of Ada's, with an API token of its own."""

    async def make(**fields: Any) -> AsyncClient:
        token = (await _make(ada, **fields))["token"]
        return await open_client(headers={"Authorization": f"Bearer {token}"})

    return make


async def test_a_token_is_shown_once_and_only_its_hash_is_stored(
    ada: AsyncClient, database: Database
) -> None:
    made = await _make(ada, scope="read")
    assert made["token"].startswith("cpp_")
    assert made["ending"] == made["token"][-4:]
    (listed,) = (await ada.get("/api/tokens")).json()["items"]
    assert listed == {name: value for name, value in made.items() if name != "token"}
    stored = await database.api_tokens.find_one({})
    assert made["token"] not in str(stored)


async def test_a_repeated_request_gets_the_same_token_which_still_is_stored_nowhere(
    ada: AsyncClient, database: Database
) -> None:
    body, headers = {"name": "CI", "scope": "read"}, {"Idempotency-Key": "make-a-token"}
    made, again = [await ada.post("/api/tokens", json=body, headers=headers) for _ in range(2)]
    assert (made.status_code, again.status_code) == (201, 201)
    assert again.json() == made.json()
    assert (await ada.get("/api/tokens")).json()["total"] == 1
    for name in await database.raw.list_collection_names():
        for document in await database.raw[name].find({}).to_list():
            assert made.json()["token"] not in str(document)


async def test_a_program_with_a_write_token_makes_jobs_of_its_owner(
    ada: AsyncClient, program: MakeProgram
) -> None:
    client = await program()
    made = await client.post("/api/jobs", json=job_body())
    assert made.status_code == 201
    assert (await ada.get(f"/api/jobs/{made.json()['id']}")).status_code == 200
    assert (await client.get("/api/auth/me")).json()["email"] == "ada@example.org"


async def test_a_read_token_reads_and_changes_nothing(
    ada: AsyncClient, program: MakeProgram
) -> None:
    client = await program(scope="read")
    assert (await client.get("/api/jobs")).status_code == 200
    refused = await client.post("/api/jobs", json=job_body())
    assert refused.status_code == 403
    assert "may only read" in refused.json()["detail"]
    assert (await ada.get("/api/jobs")).json()["total"] == 0


async def test_a_token_manages_neither_account_nor_tokens(program: MakeProgram) -> None:
    client = await program()
    change = {"current": "correct horse battery", "new": "another good one"}
    refusals = [
        await client.post("/api/auth/password", json=change),
        await client.post("/api/auth/logout-all"),
        await client.get("/api/tokens"),
        await client.post("/api/tokens", json={"name": "more", "scope": "write"}),
        await client.delete("/api/tokens/x"),
    ]
    assert [answer.status_code for answer in refusals] == [403] * 5
    assert "sign in" in refusals[0].json()["detail"]


async def test_a_deleted_token_opens_nothing_any_more(
    ada: AsyncClient, program: MakeProgram
) -> None:
    client = await program()
    (token,) = (await ada.get("/api/tokens")).json()["items"]
    assert (await ada.delete(f"/api/tokens/{token['id']}")).status_code == 204
    assert (await client.get("/api/jobs")).status_code == 401
    assert (await ada.delete(f"/api/tokens/{token['id']}")).status_code == 404


async def test_a_token_ends_when_it_expires(program: MakeProgram, clock: TestClock) -> None:
    client = await program(expires_at=moment_text(NOON + timedelta(hours=1)))
    assert (await client.get("/api/jobs")).status_code == 200
    clock.now += timedelta(hours=1)
    assert (await client.get("/api/jobs")).status_code == 401


async def test_the_last_use_is_noted_once_a_minute(
    ada: AsyncClient, program: MakeProgram, clock: TestClock
) -> None:
    client = await program()

    async def last_use() -> Any:
        return (await ada.get("/api/tokens")).json()["items"][0]["last_used_at"]

    assert await last_use() is None
    await client.get("/api/jobs")
    clock.now += timedelta(seconds=59)
    await client.get("/api/jobs")
    assert await last_use() == moment_text(NOON)
    clock.now += timedelta(seconds=1)
    await client.get("/api/jobs")
    assert await last_use() == moment_text(clock.now)


async def test_nobody_sees_or_deletes_anothers_tokens(ada: AsyncClient, bob: AsyncClient) -> None:
    made = await _make(ada)
    assert (await bob.get("/api/tokens")).json()["items"] == []
    assert (await bob.delete(f"/api/tokens/{made['id']}")).status_code == 404
    assert (await ada.get("/api/tokens")).json()["total"] == 1


async def test_a_person_has_fifty_tokens_at_most(ada: AsyncClient) -> None:
    for _ in range(50):
        await _make(ada)
    refused = await ada.post("/api/tokens", json={"name": "CI", "scope": "read"})
    assert refused.status_code == 409
    assert refused.json()["detail"] == "There can be at most 50 API tokens; delete one first."


async def test_the_list_goes_on_where_its_cursor_stands(ada: AsyncClient) -> None:
    for number in range(5):
        await _make(ada, name=f"CI {number}")
    names, cursor = [], None
    for _ in range(3):
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await ada.get("/api/tokens", params=query)).json()
        names += [token["name"] for token in page["items"]]
        cursor = page["next_cursor"]
    assert names == ["CI 4", "CI 3", "CI 2", "CI 1", "CI 0"]
    assert cursor is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scope": "read"}, "name"),
        ({"name": " ", "scope": "read"}, "name"),
        ({"name": "CI"}, "scope"),
        ({"name": "CI", "scope": "admin"}, "scope"),
        ({"name": "CI", "scope": "read", "expires_at": moment_text(NOON)}, "expires_at"),
        ({"name": "CI", "scope": "read", "expires_at": "tomorrow"}, "expires_at"),
        ({"name": "CI", "scope": "read", "colour": "red"}, "colour"),
    ],
)
async def test_a_wrong_token_request_is_told_which_field(
    body: dict[str, Any], field: str, ada: AsyncClient
) -> None:
    answer = await ada.post("/api/tokens", json=body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
