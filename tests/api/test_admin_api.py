"""What administrators may do, and what nobody may: lock everybody out."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from cronpp_app.api.offered import ApiServices
from cronpp_app.errors import NotSignedIn
from cronpp_app.services.administration import SETTLED_AFTER
from cronpp_app.store.accounts import AccountStore
from cronpp_app.store.database import Database
from cronpp_app.store.integrity import violations
from cronpp_app.store.workers import WorkerInfo, WorkerStore
from tests.api.conftest import PASSWORD, SignUp, TestClock
from tests.factories import NOON, job_body

BOB = {"email": "bob@example.org", "password": PASSWORD}
OpenClient = Callable[..., Awaitable[AsyncClient]]


async def people(admin: AsyncClient, **query: Any) -> dict[str, dict[str, Any]]:
    answer = await admin.get("/api/admin/users", params=query)
    assert answer.status_code == 200, answer.text
    return {one["email"]: one for one in answer.json()["items"]}


async def id_of(client: AsyncClient) -> str:
    return str((await client.get("/api/auth/me")).json()["id"])


@pytest.fixture
async def bobs(ada: AsyncClient, bob: AsyncClient) -> str:
    """The address of Bob's account; Ada, who was first, is the administrator."""
    return f"/api/admin/users/{await id_of(bob)}"


async def test_accounts_are_listed_with_what_an_administrator_should_know(
    ada: AsyncClient, bob: AsyncClient, stranger: AsyncClient, clock: TestClock
) -> None:
    job = (await bob.post("/api/jobs", json=job_body())).json()
    await bob.post(f"/api/jobs/{job['id']}/run")
    clock.now += timedelta(hours=1)
    await stranger.post("/api/auth/login", json=BOB)
    found = await people(ada)
    assert [*found] == ["ada@example.org", "bob@example.org"]
    assert found["ada@example.org"]["role"] == "admin"
    assert found["bob@example.org"] == {
        "id": await id_of(bob),
        "email": "bob@example.org",
        "role": "user",
        "created_at": "2026-12-01T12:00:00.000Z",
        "last_sign_in_at": "2026-12-01T13:00:00.000Z",
        "disabled": False,
        "disabled_at": None,
        "jobs": 1,
        "runs_24h": 1,
    }
    clock.now += timedelta(hours=24)
    assert (await people(ada))["bob@example.org"]["runs_24h"] == 0


async def test_accounts_are_found_by_the_beginning_of_their_address_and_read_in_pages(
    ada: AsyncClient, bob: AsyncClient
) -> None:
    assert [*await people(ada, q="BO")] == ["bob@example.org"]
    assert [*await people(ada, q=".*")] == []
    first = (await ada.get("/api/admin/users", params={"limit": 1})).json()
    assert (first["total"], first["items"][0]["email"]) == (2, "ada@example.org")
    rest = await people(ada, limit=1, cursor=first["next_cursor"])
    assert [*rest] == ["bob@example.org"]


async def test_a_disabled_account_is_out_at_once_with_sessions_and_tokens(
    ada: AsyncClient, bob: AsyncClient, bobs: str, stranger: AsyncClient, open_client: OpenClient
) -> None:
    made = (await bob.post("/api/tokens", json={"name": "CI", "scope": "write"})).json()
    program = await open_client(headers={"Authorization": f"Bearer {made['token']}"})
    assert (await program.get("/api/jobs")).status_code == 200
    answer = await ada.post(f"{bobs}/disable")
    assert (answer.status_code, answer.json()["disabled"]) == (200, True)
    assert (await bob.get("/api/auth/me")).status_code == 401
    assert (await program.get("/api/jobs")).status_code == 401
    wrong = await stranger.post("/api/auth/login", json=BOB | {"password": "not this one"})
    right = await stranger.post("/api/auth/login", json=BOB)
    assert (right.status_code, right.json()) == (401, wrong.json())
    assert (await ada.post(f"{bobs}/enable")).json()["disabled"] is False
    assert (await bob.get("/api/auth/me")).status_code == 401, "old sessions stay shut"
    assert (await stranger.post("/api/auth/login", json=BOB)).status_code == 200
    assert (await program.get("/api/jobs")).status_code == 200


async def test_jobs_of_a_disabled_account_rest_and_go_on_when_it_is_enabled(
    ada: AsyncClient, bob: AsyncClient, bobs: str, database: Database, clock: TestClock
) -> None:
    every = {"schedule": {"kind": "interval", "every_seconds": 3600}}
    going = (await bob.post("/api/jobs", json=job_body(**every))).json()
    resting = (await bob.post("/api/jobs", json=job_body(**every, enabled=False))).json()
    run = (await bob.post(f"/api/jobs/{going['id']}/run")).json()["run"]
    by_hand = (await bob.post(f"/api/jobs/{resting['id']}/run")).json()["run"]
    once = {"schedule": {"kind": "once", "run_at": "2026-12-01T13:30:00Z"}}
    missed = (await bob.post("/api/jobs", json=job_body(**once))).json()
    adas = (await ada.post("/api/jobs", json=job_body(**every))).json()
    clock.now += timedelta(hours=1)  # a fire time has come that no worker has noticed
    await ada.post(f"{bobs}/disable")
    paused = await database.jobs.find_one({"_id": going["id"]})
    assert paused is not None
    assert (paused["status"], paused["paused_reason"]) == ("PAUSED", "The account is disabled.")
    assert "next_run_time" not in paused
    for waiting in (run, by_hand):
        ended = await database.runs.find_one({"_id": waiting["id"]})
        assert ended is not None
        assert (ended["status"], ended["reason"]) == ("CANCELLED", "The account is disabled.")
    noticed = {"job_id": going["id"], "status": "SKIPPED"}
    assert await database.runs.distinct("reason", noticed) == ["The account is disabled."]
    assert (await ada.get(f"/api/jobs/{adas['id']}")).json()["status"] == "PENDING"
    clock.now += timedelta(hours=2, minutes=1)
    await ada.post(f"{bobs}/enable")
    going_on = await database.jobs.find_one({"_id": going["id"]})
    assert going_on is not None
    assert (going_on["status"], "paused_reason" in going_on) == ("PENDING", False)
    assert going_on["next_run_time"] == NOON + timedelta(hours=4)
    left = await database.jobs.find_one({"_id": resting["id"]})
    assert left is not None
    assert (left["status"], "paused_reason" in left) == ("PAUSED", False)
    over = await database.jobs.find_one({"_id": missed["id"]})
    assert over is not None
    assert over["paused_reason"] == "Its time passed while the account was disabled."
    assert [words async for words in violations(database)] == []


async def test_what_was_under_way_when_an_account_was_disabled_is_stopped_a_little_later(
    ada: AsyncClient,
    bob: AsyncClient,
    bobs: str,
    offered: ApiServices,
    database: Database,
    clock: TestClock,
) -> None:
    job = (await bob.post("/api/jobs", json=job_body())).json()
    user = await offered.accounts.user(await id_of(bob))
    assert user is not None
    await ada.post(f"{bobs}/disable")
    await offered.jobs.resume(user, job["id"])  # by a request that had passed the gate before
    await offered.administration.settle_all()
    stored = await database.jobs.find_one({"_id": job["id"]})
    assert stored is not None
    assert stored["status"] == "PAUSED"
    await offered.jobs.resume(user, job["id"])
    clock.now += SETTLED_AFTER
    await offered.administration.settle_all()
    assert await database.jobs.distinct("status", {"_id": job["id"]}) == ["PAUSED"]
    assert await database.users.count_documents({"unsettled_since": {"$exists": True}}) == 0


async def test_a_sign_in_under_way_does_not_slip_into_a_disabled_account(
    ada: AsyncClient,
    bob: AsyncClient,
    bobs: str,
    offered: ApiServices,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    by_email = AccountStore.by_email

    async def then_disabled(self: AccountStore, email: str) -> Any:
        account = await by_email(self, email)
        await ada.post(f"{bobs}/disable")
        return account

    monkeypatch.setattr(AccountStore, "by_email", then_disabled)
    with pytest.raises(NotSignedIn):
        await offered.accounts.login("bob@example.org", PASSWORD, origin="198.51.100.7")


async def test_a_password_changed_while_the_account_is_disabled_opens_nothing(
    ada: AsyncClient,
    bob: AsyncClient,
    bobs: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    set_password = AccountStore.set_password

    async def after_disabling(self: AccountStore, *args: Any, **options: Any) -> Any:
        await ada.post(f"{bobs}/disable")
        return await set_password(self, *args, **options)

    monkeypatch.setattr(AccountStore, "set_password", after_disabling)
    await bob.post("/api/auth/password", json={"current": PASSWORD, "new": "another password"})
    assert (await bob.get("/api/auth/me")).status_code == 401


async def test_an_administrator_makes_others_administrators(
    ada: AsyncClient, bob: AsyncClient, bobs: str
) -> None:
    assert (await bob.get("/api/admin/users")).status_code == 403
    answer = await ada.patch(bobs, json={"role": "admin"})
    assert (answer.status_code, answer.json()["role"]) == (200, "admin")
    adas = f"/api/admin/users/{await id_of(ada)}"
    assert (await bob.patch(adas, json={"role": "user"})).status_code == 200
    refused = await ada.get("/api/admin/users")
    assert (refused.status_code, refused.json()["detail"]) == (
        *(403, "Only administrators may do this."),
    )


async def test_the_only_administrator_stays_one_and_can_sign_in(
    ada: AsyncClient, bob: AsyncClient, bobs: str
) -> None:
    adas = f"/api/admin/users/{await id_of(ada)}"
    demoted = await ada.patch(adas, json={"role": "user"})
    assert demoted.status_code == 409
    assert "make somebody else one first" in demoted.json()["detail"]
    assert (await ada.post(f"{adas}/disable")).status_code == 409
    # Another one who cannot sign in is of no help.
    await ada.patch(bobs, json={"role": "admin"})
    await ada.post(f"{bobs}/disable")
    assert (await ada.patch(adas, json={"role": "user"})).status_code == 409
    gone = await ada.request("DELETE", "/api/auth/me", json={"password": PASSWORD})
    assert gone.status_code == 409


async def test_of_two_administrators_who_demote_each_other_one_stays(
    ada: AsyncClient, bob: AsyncClient, bobs: str, database: Database
) -> None:
    adas = f"/api/admin/users/{await id_of(ada)}"
    await ada.patch(bobs, json={"role": "admin"})
    answers = await asyncio.gather(
        ada.patch(bobs, json={"role": "user"}), bob.patch(adas, json={"role": "user"})
    )
    assert 200 in {answer.status_code for answer in answers}
    assert await database.users.count_documents({"role": "admin"}) == 1


async def test_what_an_administrator_does_is_told_to_whom_it_concerns(
    ada: AsyncClient, bob: AsyncClient, bobs: str
) -> None:
    await ada.patch(bobs, json={"role": "admin"})
    (entry,) = (await bob.get("/api/audit", params={"action": "account.role_changed"})).json()[
        "items"
    ]
    assert (entry["actor"], entry["address"]) == ("ada@example.org", None)
    assert entry["changes"] == [{"field": "role", "before": "user", "after": "admin"}]
    (seen,) = (await ada.get("/api/audit", params={"action": "account.role_changed"})).json()[
        "items"
    ]
    assert (seen["target"]["name"], seen["address"]) == ("bob@example.org", "127.0.0.1")


async def test_an_administrator_reads_the_whole_log_by_person_and_action(
    ada: AsyncClient, bob: AsyncClient, sign_up: SignUp
) -> None:
    await bob.post("/api/jobs", json=job_body())
    everything = (await ada.get("/api/admin/audit")).json()
    assert [entry["action"] for entry in everything["items"]] == [
        *("job.created", "account.signed_up", "account.signed_up"),
    ]
    bobs = (await ada.get("/api/admin/audit", params={"user_id": await id_of(bob)})).json()
    assert {entry["actor"] for entry in bobs["items"]} == {"bob@example.org"}
    created = (await ada.get("/api/admin/audit", params={"action": "job.created"})).json()
    assert created["total"] == 1
    assert (await bob.get("/api/admin/audit")).status_code == 403


async def test_an_administrator_sees_the_workers(ada: AsyncClient, database: Database) -> None:
    worker = WorkerInfo(
        id="w1", host="h", pid=1, version="0", slots=5, busy=2, started_at=NOON, seen_at=NOON
    )
    await WorkerStore(database).beat(worker)
    (seen,) = (await ada.get("/api/admin/workers")).json()["items"]
    assert (seen["id"], seen["slots"], seen["busy"]) == ("w1", 5, 2)


@pytest.mark.parametrize("body", [{"role": "king"}, {}, {"role": "admin", "email": "x"}])
async def test_a_wrong_role_is_refused(ada: AsyncClient, bobs: str, body: Any) -> None:
    assert (await ada.patch(bobs, json=body)).status_code == 422


@pytest.mark.parametrize("path", ["", "/disable", "/enable"])
async def test_an_unknown_account_is_not_found(ada: AsyncClient, path: str) -> None:
    method = "POST" if path else "PATCH"
    body = None if path else {"role": "user"}
    answer = await ada.request(method, f"/api/admin/users/none{path}", json=body)
    assert answer.status_code == 404
