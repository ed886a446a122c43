"""A request that is sent again with its Idempotency-Key creates nothing twice."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from pymongo.errors import AutoReconnect

from cronpp_app.api.offered import ApiServices
from cronpp_app.errors import Conflict
from cronpp_app.services.idempotency import Idempotency
from cronpp_app.store.database import Database
from cronpp_app.store.idempotency import Answer, IdempotencyStore
from cronpp_app.store.keys import Keys
from tests.api.conftest import PASSWORD, TestClock
from tests.api.created_jobs import create_job
from tests.api.stored_runs import store_run
from tests.factories import job_body

HOUR = timedelta(hours=1)


async def test_a_repeated_create_with_the_same_key_creates_once(ada: AsyncClient) -> None:
    headers = {"Idempotency-Key": "create-1"}
    first = await ada.post("/api/jobs", json=job_body(), headers=headers)
    second = await ada.post("/api/jobs", json=job_body(), headers=headers)
    assert second.status_code == 201
    assert second.json() == first.json()
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.headers["Location"] == first.headers["Location"]
    assert (await ada.get("/api/jobs")).json()["total"] == 1


async def test_many_creates_at_once_with_the_same_key_create_once(ada: AsyncClient) -> None:
    headers = {"Idempotency-Key": "create-1"}
    answers = await asyncio.gather(
        *(ada.post("/api/jobs", json=job_body(), headers=headers) for _ in range(8))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert (await ada.get("/api/jobs")).json()["total"] == 1


async def test_a_repetition_does_not_wait_for_ever(
    ada: AsyncClient, offered: ApiServices, database: Database, keys: Keys
) -> None:
    user = (await offered.accounts.login("ada@example.org", PASSWORD, origin="::1")).user
    hasty = Idempotency(IdempotencyStore(database, keys), patience_seconds=0)
    begun, ended = asyncio.Event(), asyncio.Event()

    async def slow(_: str) -> Answer:
        begun.set()
        await ended.wait()
        return Answer(status=201, body="{}", headers={})

    first = asyncio.create_task(hasty.once(user, "one", request="a", do=slow))
    await begun.wait()
    with pytest.raises(Conflict, match="still being worked on"):
        await hasty.once(user, "one", request="a", do=slow)
    ended.set()
    await first
    assert await hasty.once(user, "one", request="a", do=slow) == (first.result()[0], True)


async def test_a_key_belongs_to_one_request_and_one_person(
    ada: AsyncClient, bob: AsyncClient
) -> None:
    headers = {"Idempotency-Key": "create-1"}
    await ada.post("/api/jobs", json=job_body(), headers=headers)
    other = await ada.post("/api/jobs", json=job_body(name="other"), headers=headers)
    assert other.json()["errors"][0]["field"] == "Idempotency-Key"
    assert (await bob.post("/api/jobs", json=job_body(), headers=headers)).status_code == 201


async def test_a_refused_request_gives_its_key_free(ada: AsyncClient) -> None:
    headers = {"Idempotency-Key": "create-1"}
    refused = await ada.post("/api/jobs", json=job_body(name=""), headers=headers)
    assert refused.status_code == 422
    assert (await ada.post("/api/jobs", json=job_body(), headers=headers)).status_code == 201


class PowerCut(BaseException):
    """The process died here, without a last word."""


@pytest.fixture
def power_cut(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A process that dies after it has created something and before the answer is kept."""

    async def dies(*_: object) -> None:
        raise PowerCut

    async def says_nothing(*_: object) -> None:
        """Leave the key as it is: nobody is left to free it."""

    monkeypatch.setattr(IdempotencyStore, "finish", dies)
    monkeypatch.setattr(IdempotencyStore, "abandon", says_nothing)
    return monkeypatch


@pytest.mark.parametrize("what", ["/api/jobs", "/api/jobs/{id}/duplicate", "/api/jobs/{id}/run"])
async def test_what_a_dying_process_created_is_found_when_the_request_comes_again(
    what: str, ada: AsyncClient, clock: TestClock, power_cut: pytest.MonkeyPatch
) -> None:
    path = what.format(id=(await create_job(ada))["id"])
    body = {"json": job_body()} if path == "/api/jobs" else {}
    with pytest.raises(PowerCut):
        await ada.post(path, headers={"Idempotency-Key": "one"}, **body)
    power_cut.undo()
    before = await everything(ada)
    clock.now += timedelta(minutes=2)
    again = await ada.post(path, headers={"Idempotency-Key": "one"}, **body)
    assert again.is_success
    assert await everything(ada) == before
    assert again.headers["Location"].rpartition("/")[2] in before


IMPORT = {"jobs": [job_body(name="a"), job_body(name="b")]}
RUN_ALL = {"filter": {}, "operation": "run"}


@pytest.mark.parametrize(
    ("path", "body", "makes"),
    [
        ("/api/import", IMPORT, 2),
        ("/api/jobs/bulk", RUN_ALL, 1),
        ("/api/runs/replay", {"filter": {}}, 1),
    ],
)
async def test_many_things_that_a_dying_process_created_are_not_created_again(
    path: str,
    body: dict[str, Any],
    makes: int,
    ada: AsyncClient,
    database: Database,
    clock: TestClock,
    power_cut: pytest.MonkeyPatch,
) -> None:
    job_id = (await create_job(ada))["id"]
    await store_run(database, ada, job_id=job_id, status="FAILED", fire_time=clock.now - HOUR)
    at_first = await everything(ada)
    with pytest.raises(PowerCut):
        await ada.post(path, json=body, headers={"Idempotency-Key": "one"})
    power_cut.undo()
    clock.now += timedelta(minutes=2)
    # Meanwhile what it made may have failed, too, and so be what the filter asks for.
    failed = {"$set": {"status": "FAILED"}, "$unset": {"wake_at": ""}}
    await database.runs.update_many({"status": "PENDING"}, failed)
    made = await everything(ada) - at_first
    again = await ada.post(path, json=body, headers={"Idempotency-Key": "one"})
    assert again.is_success
    assert len(made) == makes
    assert await everything(ada) == at_first | made
    changed = again.json().get("changed", again.json().get("created"))
    assert changed == makes, "the answer is as if nothing had happened"


async def test_a_repetition_that_is_refused_does_not_make_the_next_one_a_first(
    ada: AsyncClient, clock: TestClock, power_cut: pytest.MonkeyPatch
) -> None:
    """Its one-off lay ahead when a dying process imported it, and has passed since."""
    soon = {"kind": "once", "run_at": (clock.now + timedelta(seconds=90)).isoformat()}
    import_soon = {"jobs": [job_body(name="a", schedule=soon)]}
    one = {"Idempotency-Key": "one"}
    with pytest.raises(PowerCut):
        await ada.post("/api/import", json=import_soon, headers=one)
    power_cut.undo()
    clock.now += timedelta(minutes=2)
    assert (await ada.post("/api/import", json=import_soon, headers=one)).status_code == 422
    clock.now -= timedelta(minutes=1)  # as if this web process had another clock
    assert (await ada.post("/api/import", json=import_soon, headers=one)).is_success
    assert len(await everything(ada)) == 1


async def test_a_request_that_failed_half_way_can_come_again_at_once(
    ada: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unreachable(*_: object) -> None:
        raise AutoReconnect("the primary stepped down")

    monkeypatch.setattr(IdempotencyStore, "finish", unreachable)
    headers = {"Idempotency-Key": "one"}
    assert (await ada.post("/api/jobs", json=job_body(), headers=headers)).status_code == 503
    monkeypatch.undo()
    again = await ada.post("/api/jobs", json=job_body(), headers=headers)
    assert again.status_code == 201
    assert await everything(ada) == {again.json()["id"]}


async def everything(client: AsyncClient) -> set[str]:
    """Return the ids of all jobs and runs."""
    lists = [(await client.get(path)).json()["items"] for path in ("/api/jobs", "/api/runs")]
    return {one["id"] for items in lists for one in items}
