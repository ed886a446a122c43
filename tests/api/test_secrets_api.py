"""Secrets over REST: values go in, masks come out."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.factories import job_body

URL = "/api/secrets"


def secret(**changes: Any) -> dict[str, Any]:
    return {"name": "GITHUB_TOKEN", "value": "ghp_0123456789", **changes}


def calling(**action: Any) -> dict[str, Any]:
    call = {"kind": "http", "method": "POST", "url": "https://example.org/hook"}
    return job_body(action=call | action)


async def test_a_secret_is_made_listed_replaced_and_deleted(ada: AsyncClient) -> None:
    made = await ada.post(URL, json=secret())
    assert (made.status_code, made.headers["location"]) == (201, f"{URL}/GITHUB_TOKEN")
    assert made.json() == {
        "name": "GITHUB_TOKEN",
        "value": "••••6789",
        "used_by": 0,
        "created_at": "2026-12-01T12:00:00.000Z",
        "updated_at": "2026-12-01T12:00:00.000Z",
    }
    replaced = await ada.put(f"{URL}/GITHUB_TOKEN", json={"value": "ghp_9876543210"})
    assert (replaced.status_code, replaced.json()["value"]) == (200, "••••3210")
    assert (await ada.get(URL)).json()["items"] == [replaced.json()]
    assert (await ada.delete(f"{URL}/GITHUB_TOKEN")).status_code == 204
    assert (await ada.get(URL)).json()["items"] == []
    assert (await ada.delete(f"{URL}/GITHUB_TOKEN")).status_code == 404


async def test_a_list_of_secrets_comes_in_pages(ada: AsyncClient) -> None:
    for name in ("B", "C", "A"):
        await ada.post(URL, json=secret(name=name))
    first = (await ada.get(URL, params={"limit": 2})).json()
    rest = (await ada.get(URL, params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert [one["name"] for one in (*first["items"], *rest["items"])] == ["A", "B", "C"]
    assert (first["total"], rest["next_cursor"]) == (3, None)


async def test_a_name_is_taken_once_per_person(ada: AsyncClient, bob: AsyncClient) -> None:
    statuses = [(await one.post(URL, json=secret())).status_code for one in (ada, ada, bob)]
    assert statuses == [201, 409, 201]


async def test_somebody_elses_secret_is_not_there(ada: AsyncClient, bob: AsyncClient) -> None:
    await ada.post(URL, json=secret())
    assert (await bob.get(URL)).json()["items"] == []
    answer = await bob.put(f"{URL}/GITHUB_TOKEN", json={"value": "another value"})
    assert answer.status_code == 404
    assert (await bob.delete(f"{URL}/GITHUB_TOKEN")).status_code == 404
    assert (await ada.get(URL)).json()["items"][0]["value"] == "••••6789"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "lower"}, "name"),
        ({"name": "1ST"}, "name"),
        ({"name": "A" * 65}, "name"),
        ({"name": "A.B"}, "name"),
        ({"value": ""}, "value"),
        ({"value": "x" * 8_193}, "value"),
        ({"value": "a\0b"}, "value"),
        ({"value": 5}, "value"),
        ({"note": "x"}, "note"),
    ],
)
async def test_what_is_no_secret_is_refused_by_field(
    ada: AsyncClient, changes: dict[str, Any], field: str
) -> None:
    answer = await ada.post(URL, json=secret(**changes))
    assert answer.status_code == 422
    assert [problem["field"] for problem in answer.json()["errors"]] == [field]
    assert "x" * 100 not in answer.text


async def test_a_secret_tells_how_many_jobs_refer_to_it(ada: AsyncClient, bob: AsyncClient) -> None:
    for person in (ada, bob):
        await person.post(URL, json=secret())
    in_header = {"X-Token": "Bearer {{secret.GITHUB_TOKEN}}"}
    twice = "{{secret.GITHUB_TOKEN}} {{secret.GITHUB_TOKEN}}"
    for action in ({"headers": in_header}, {"body": twice}, {"body": "none"}):
        assert (await ada.post("/api/jobs", json=calling(**action))).status_code == 201
    # Sealed headers that are more than a reference count too.
    mixed = calling(headers={"X-Api-Key": "key-{{secret.GITHUB_TOKEN}}"})
    assert (await ada.post("/api/jobs", json=mixed)).status_code == 201
    assert [(await one.get(URL)).json()["items"][0]["used_by"] for one in (ada, bob)] == [3, 0]


@pytest.mark.parametrize(
    ("action", "field"),
    [
        ({"url": "https://example.org/{{secret.NONE}}"}, "action.url"),
        ({"url": "{{secret.NONE}}"}, "action.url"),
        ({"headers": {"X-A": "{{secret.NONE}}"}}, "action.headers.X-A"),
        ({"body": "{{secret.NONE}}"}, "action.body"),
        ({"body": "{{secret.lower}}"}, "action.body"),
        ({"body": "{{ secret.NONE }}"}, "action.body"),
        ({"url": "https://example.org/{{secrets.NONE}}"}, "action.url"),
        ({"headers": {"Authorization": "Bearer {{Secret.X}}"}}, "action.headers.Authorization"),
    ],
)
async def test_a_reference_to_nothing_is_a_field_error(
    ada: AsyncClient, action: dict[str, Any], field: str
) -> None:
    answer = await ada.post("/api/jobs", json=calling(**action))
    assert answer.status_code == 422
    assert [problem["field"] for problem in answer.json()["errors"]] == [field]


async def test_a_json_body_may_hold_references_in_and_outside_of_texts(ada: AsyncClient) -> None:
    await ada.post(URL, json=secret(name="N", value="42"))
    body = '{"text": "{{secret.N}}", "number": {{secret.N}}, "other": "{{untouched}}"}'
    typed = {"headers": {"Content-Type": "application/json"}, "body": body}
    assert (await ada.post("/api/jobs", json=calling(**typed))).status_code == 201


async def test_a_marked_header_is_kept_like_the_secret_ones(ada: AsyncClient) -> None:
    marked = {"headers": {"X-Token": "token-12345678", "X-Plain": "a"}}
    job = (await ada.post("/api/jobs", json=calling(**marked, secret_headers=["x-token"]))).json()
    assert job["action"]["headers"] == {"X-Token": "••••5678", "X-Plain": "a"}
    assert job["action"]["secret_headers"] == ["x-token"]
    # The whole job as it was shown may be sent back: nothing changes.
    action = job["action"]
    edited = (await ada.patch(f"/api/jobs/{job['id']}", json={"action": action})).json()
    assert edited["action"] == action
    without = {"headers": {"X-Plain": "a"}}
    bare = (await ada.patch(f"/api/jobs/{job['id']}", json={"action": without})).json()
    assert bare["action"]["headers"] == {"X-Plain": "a"}


async def test_a_header_that_is_not_given_cannot_be_marked(ada: AsyncClient) -> None:
    answer = await ada.post("/api/jobs", json=calling(secret_headers=["X-Token"]))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith("action.secret_headers")


async def test_a_copied_job_keeps_its_secrets_masked(ada: AsyncClient) -> None:
    typed = {"headers": {"Authorization": "Bearer 12345678"}}
    job = (await ada.post("/api/jobs", json=calling(**typed))).json()
    copy = (await ada.post(f"/api/jobs/{job['id']}/duplicate")).json()
    assert copy["action"]["headers"] == {"Authorization": "••••5678"}


async def test_tokens_may_manage_secrets_within_their_scope(
    ada: AsyncClient, stranger: AsyncClient
) -> None:
    statuses = []
    for scope in ("read", "write"):
        made = (await ada.post("/api/tokens", json={"name": scope, "scope": scope})).json()
        by_token = {"Authorization": f"Bearer {made['token']}"}
        statuses.append((await stranger.get(URL, headers=by_token)).status_code)
        statuses.append((await stranger.post(URL, json=secret(), headers=by_token)).status_code)
    assert statuses == [200, 403, 200, 201]
