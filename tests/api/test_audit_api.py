"""The audit log, as people read it: everything that was changed, and never a secret."""

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from cronpp_app.domain.audit import AuditAction
from cronpp_app.store.database import Database
from tests.api.conftest import PASSWORD, TestClock
from tests.factories import job_body

ADA = {"email": "ada@example.org", "password": PASSWORD}
OpenClient = Callable[..., Awaitable[AsyncClient]]


async def told(client: AsyncClient, **query: Any) -> list[dict[str, Any]]:
    """Return the entries that a person sees, the newest first."""
    answer = await client.get("/api/audit", params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def newest(client: AsyncClient) -> dict[str, Any]:
    return (await told(client, limit=1))[0]


async def actions(client: AsyncClient) -> list[str]:
    """Return what was done, the oldest first."""
    return [entry["action"] for entry in reversed(await told(client))]


async def test_every_change_of_jobs_and_runs_is_told(ada: AsyncClient, clock: TestClock) -> None:
    job = (await ada.post("/api/jobs", json=job_body())).json()
    path = f"/api/jobs/{job['id']}"
    await ada.patch(path, json={"name": "Hourly export"})
    await ada.post(f"{path}/pause")
    await ada.post(f"{path}/pause")  # changes nothing, and is not told
    await ada.post(f"{path}/resume")
    run = (await ada.post(f"{path}/run")).json()["run"]
    await ada.post(f"/api/runs/{run['id']}/cancel")
    await ada.post(f"/api/runs/{run['id']}/retry")
    clock.now += timedelta(seconds=1)
    await ada.post("/api/runs/replay", json={"filter": {"status": "CANCELLED"}})
    await ada.post(f"{path}/duplicate")
    export = (await ada.get("/api/export")).json()
    await ada.post("/api/import", params={"dry_run": True}, json=export)
    await ada.post("/api/import", json=export)
    await ada.delete(path)
    for operation in ("run", "pause", "resume", "delete"):
        await ada.post("/api/jobs/bulk", json={"filter": {}, "operation": operation})
    assert await actions(ada) == [
        *("account.signed_up", "job.created", "job.edited", "job.paused", "job.resumed"),
        *("job.run", "run.cancelled", "run.replayed", "runs.replayed", "job.created"),
        *("jobs.imported", "job.deleted", "jobs.run", "jobs.paused", "jobs.resumed"),
        "jobs.deleted",
    ]
    by_action = {entry["action"]: entry for entry in await told(ada)}
    assert by_action["job.deleted"]["target"] == {
        **{"kind": "job", "id": job["id"], "name": "Hourly export"}
    }
    assert by_action["job.edited"]["changes"] == [
        {"field": "name", "before": "Nightly export", "after": "Hourly export"}
    ]
    assert by_action["jobs.imported"]["count"] == 2
    assert by_action["jobs.deleted"]["count"] == 3


async def test_every_change_of_an_account_is_told(
    ada: AsyncClient, stranger: AsyncClient, open_client: OpenClient
) -> None:
    token = (await ada.post("/api/tokens", json={"name": "CI", "scope": "write"})).json()
    await ada.delete(f"/api/tokens/{token['id']}")
    await ada.post("/api/secrets", json={"name": "CAVE", "value": "open sesame"})
    await ada.put("/api/secrets/CAVE", json={"value": "shut sesame"})
    await ada.delete("/api/secrets/CAVE")
    await ada.post("/api/auth/signing-secret/rotate")
    await stranger.post("/api/auth/login", json=ADA)
    await stranger.post("/api/auth/login", json=ADA | {"password": "not this one"})
    sessions = (await ada.get("/api/auth/sessions")).json()["items"]
    (other,) = [one["id"] for one in sessions if not one["current"]]
    await ada.delete(f"/api/auth/sessions/{other}")
    await ada.delete("/api/auth/sessions")
    await ada.post("/api/auth/password", json={"current": PASSWORD, "new": "a better password"})
    await ada.post("/api/auth/logout")
    again = await stranger.post("/api/auth/login", json=ADA | {"password": "a better password"})
    ada = await open_client(headers={"Authorization": f"Bearer {again.json()['token']}"})
    assert await actions(ada) == [
        *("account.signed_up", "token.created", "token.deleted"),
        *("secret.created", "secret.replaced", "secret.deleted", "signing_secret.rotated"),
        *("account.signed_in", "account.sign_in_refused", "session.ended"),
        *("session.others_ended", "account.password_changed", "account.signed_out"),
        "account.signed_in",
    ]


async def test_a_change_is_told_with_who_made_it_and_by_which_way(
    ada: AsyncClient, open_client: OpenClient
) -> None:
    secret = (await ada.post("/api/tokens", json={"name": "CI", "scope": "write"})).json()["token"]
    program = await open_client(headers={"Authorization": f"Bearer {secret}"})
    me = (await ada.get("/api/auth/me")).json()
    await program.post("/api/jobs", json=job_body())
    entry = await newest(ada)
    assert (entry["via"], entry["token"]) == ("token", "CI")
    assert (entry["actor_id"], entry["actor"], entry["user_id"]) == (
        *(me["id"], "ada@example.org", me["id"]),
    )
    assert entry["address"] == "127.0.0.1"
    await ada.post("/api/jobs", json=job_body())
    entry = await newest(ada)
    assert (entry["via"], entry["token"]) == ("api", None)


async def test_no_secret_ever_reaches_the_log(ada: AsyncClient, database: Database) -> None:
    action = job_body()["action"] | {
        "url": "https://example.org/hook?key=URL-HUSH",
        "headers": {"Authorization": "Bearer HEADER-HUSH", "Content-Type": "application/json"},
        "body": '{"password": "BODY-HUSH"}',
    }
    job = (await ada.post("/api/jobs", json=job_body(action=action))).json()
    changed = {
        "url": "https://example.org/hook?key=OTHER-HUSH",
        "headers": {"Authorization": "Bearer OTHER-HUSH"},
        "body": '{"password": "OTHER-HUSH"}',
    }
    edited = await ada.patch(
        f"/api/jobs/{job['id']}", json={"action": changed, "description": "HUSH, HUSH"}
    )
    assert edited.status_code == 200, edited.text
    assert [(one["field"], one["before"]) for one in (await newest(ada))["changes"]] == [
        *(("description", None), ("action.body", None), ("action.headers", None)),
        ("action.url", None),
    ]
    await ada.post("/api/secrets", json={"name": "CAVE", "value": "STORE-HUSH"})
    made = (await ada.post("/api/tokens", json={"name": "CI", "scope": "read"})).json()
    signing = (await ada.post("/api/auth/signing-secret/rotate")).json()
    await ada.post("/api/auth/password", json={"current": PASSWORD, "new": "a HUSH password"})
    kept = str(await database.raw["audit_log"].find().to_list())
    for secret in ("HUSH", made["token"], signing["secret"], PASSWORD, "argon2"):
        assert secret not in kept


async def test_a_sign_in_to_no_account_is_kept_without_what_was_typed(
    ada: AsyncClient, stranger: AsyncClient, database: Database
) -> None:
    typed = {"email": "my-password@example.org", "password": "not this one"}
    assert (await stranger.post("/api/auth/login", json=typed)).status_code == 401
    refused = {"action": "account.sign_in_refused"}
    (entry,) = await database.raw["audit_log"].find(refused).to_list()
    assert entry["user_id"] is None
    assert "my-password" not in str(entry)
    assert entry["address"] == "127.0.0.1"
    assert await told(ada, **refused) == []


async def test_people_see_their_own_part_of_the_log_only(
    ada: AsyncClient, bob: AsyncClient
) -> None:
    await ada.post("/api/jobs", json=job_body())
    assert {entry["actor"] for entry in await told(bob)} == {"bob@example.org"}
    assert await actions(bob) == ["account.signed_up"]


async def test_the_log_is_read_in_pages_and_by_action(ada: AsyncClient, clock: TestClock) -> None:
    for _ in range(5):  # all at the same moment: the position must tell them apart
        await ada.post("/api/jobs", json=job_body())
    everything = await told(ada)
    read: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": 2}
    while query.get("cursor", "") is not None:
        page = (await ada.get("/api/audit", params=query)).json()
        assert (page["total"], page["total_is_exact"]) == (6, True)
        read += page["items"]
        query["cursor"] = page["next_cursor"]
    assert read == everything
    assert len(await told(ada, action="job.created")) == 5
    assert await told(ada, action="job.deleted") == []


@pytest.mark.parametrize("query", [{"action": "nonsense"}, {"cursor": "x"}, {"limit": 201}])
async def test_a_wrong_question_is_refused_by_name(ada: AsyncClient, query: Any) -> None:
    answer = await ada.get("/api/audit", params=query)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [*query]


async def test_a_token_does_not_read_the_log(ada: AsyncClient, open_client: OpenClient) -> None:
    made = (await ada.post("/api/tokens", json={"name": "CI", "scope": "write"})).json()
    program = await open_client(headers={"Authorization": f"Bearer {made['token']}"})
    assert (await program.get("/api/audit")).status_code == 403


async def test_entries_go_when_their_time_is_over(ada: AsyncClient, database: Database) -> None:
    (entry,) = await database.raw["audit_log"].find().to_list()
    assert (entry["expire_at"] - entry["at"]).days == 365
    indexes = await database.raw["audit_log"].index_information()
    assert indexes["expired"]["expireAfterSeconds"] == 0


def test_every_action_is_a_kind_and_a_word() -> None:
    words = json.dumps([*AuditAction])
    assert all(action.count(".") == 1 for action in AuditAction), words
