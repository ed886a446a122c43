"""The conventions of the public interface, held by every route alike."""

import gzip
import json
import re
from typing import Any

import pytest
from httpx import AsyncClient, Response

from cronpp_app.api.bodies import LARGEST
from cronpp_app.store.database import Database
from tests.api.operations import operations
from tests.factories import job_body

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
# Made anew each time although nothing is created: signing up and in have answers of their own.
NOT_REPEATED = {"/api/auth/signup"}


def _assert_problem(answer: Response, status: int) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["type"].startswith("urn:cronpp:problem:")
    assert problem["title"]
    assert problem["detail"]


async def _job(client: AsyncClient, **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = (await client.post("/api/jobs", json=job_body(**changes))).json()
    return made


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 422),
        (b"", "application/json", 422),
        (b"[1]", "application/json", 422),
        (b"null", "application/json", 422),
        (b'{"name": NaN}', "application/json", 422),
        (b'{"name": "a", "name": "b"}', "application/json", 422),
        (b"\xff\xfe", "application/json", 422),
        (b"[" * 101 + b"]" * 101, "application/json", 422),
        (b"name=a", "application/x-www-form-urlencoded", 415),
        (b"{}", "text/plain", 415),
        (b'{"a": "' + b"x" * LARGEST + b'"}', "application/json", 413),
    ],
)
async def test_a_body_that_cannot_be_read_is_a_problem_on_every_route(
    content: bytes, kind: str, status: int, ada: AsyncClient
) -> None:
    job = await _job(ada)
    for operation in await operations(ada):
        if operation.body is None or (operation.path == "/api/import" and status == 413):
            continue
        path = operation.path.format_map({"job_id": job["id"], "name": "NONE", "user_id": "none"})
        answer = await ada.request(
            operation.method, path, content=content, headers={"Content-Type": kind}
        )
        _assert_problem(answer, status)


async def test_a_packed_body_is_refused_as_such_and_not_as_wrong_json(ada: AsyncClient) -> None:
    packed = gzip.compress(json.dumps(job_body()).encode())
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    _assert_problem(await ada.post("/api/jobs", content=packed, headers=headers), 415)
    headers["Content-Encoding"] = "identity"
    plain = await ada.post("/api/jobs", content=json.dumps(job_body()), headers=headers)
    assert plain.status_code == 201


async def test_an_unknown_field_is_refused_on_every_route(ada: AsyncClient) -> None:
    job = await _job(ada)
    for operation in await operations(ada):
        if isinstance(operation.body, dict):
            path = operation.path.format_map(
                {"job_id": job["id"], "name": "NONE", "user_id": "none"}
            )
            body = operation.body | {"colour": "red"}
            answer = await ada.request(operation.method, path, json=body)
            _assert_problem(answer, 422)
            fields = [error["field"] for error in answer.json()["errors"]]
            assert "colour" in fields, (str(operation), fields)


async def test_lists_know_their_parameters_and_refuse_others(ada: AsyncClient) -> None:
    job = await _job(ada)
    lists = ["/api/jobs", "/api/runs", "/api/tokens", f"/api/jobs/{job['id']}/runs"]
    wrong = ["limit=0", "limit=201", "limit=2.5", "limit=ten", "limit=", "cursor=x", "colour=red"]
    wrong += ["limit=1&limit=2"]
    for path in lists:
        page = (await ada.get(path)).json()
        assert page.keys() == {"items", "next_cursor", "total", "total_is_exact"}
        for query in wrong:
            answer = await ada.get(f"{path}?{query}")
            _assert_problem(answer, 422)
            assert answer.json()["errors"][0]["field"] == query.split("=")[0]
        assert (await ada.get(f"{path}?limit=200")).status_code == 200


async def test_a_cursor_of_one_order_is_refused_in_another(ada: AsyncClient) -> None:
    for number in range(2):
        await _job(ada, name=f"Job {number}")
    cursor = (await ada.get("/api/jobs?limit=1&sort=name")).json()["next_cursor"]
    assert (await ada.get(f"/api/jobs?limit=1&sort=name&cursor={cursor}")).status_code == 200
    for other in ("/api/jobs?sort=-name", "/api/jobs?sort=created_at", "/api/runs?"):
        _assert_problem(await ada.get(f"{other}&cursor={cursor}"), 422)


@pytest.mark.parametrize("key", ["name", "next_run_time", "last_run", "created_at"])
async def test_every_sort_key_walks_through_all_jobs_both_ways(key: str, ada: AsyncClient) -> None:
    for number in (2, 0, 3, 1):
        await _job(
            ada, name=f"Job {number}", schedule={"kind": "cron", "cron": f"{number} * * * *"}
        )
    walks = []
    for sort in (key, f"-{key}"):
        ids: list[str] = []
        cursor = ""
        while cursor is not None:
            query = f"sort={sort}&limit=3" + (f"&cursor={cursor}" if cursor else "")
            page = (await ada.get(f"/api/jobs?{query}")).json()
            ids += [job["id"] for job in page["items"]]
            cursor = page["next_cursor"]
        walks.append(ids)
    assert len(set(walks[0])) == 4
    assert walks[1] == walks[0][::-1]


async def test_a_total_stays_at_ten_thousand_and_says_so(
    ada: AsyncClient, database: Database
) -> None:
    document = dict(await database.jobs.find_one({"_id": (await _job(ada))["id"]}) or {})
    copies = [document | {"_id": f"copy-{number:05}"} for number in range(9_999)]
    await database.jobs.insert_many(copies)
    page = (await ada.get("/api/jobs?limit=1")).json()
    assert (page["total"], page["total_is_exact"]) == (10_000, True)
    await database.jobs.insert_one(document | {"_id": "one-more"})
    page = (await ada.get("/api/jobs?limit=1")).json()
    assert (page["total"], page["total_is_exact"]) == (10_000, False)


@pytest.mark.parametrize("value", ["30", 30.5, 30.0, True, None, [30], -1, 10**30])
@pytest.mark.parametrize("field", ["retry.max_retries", "action.timeout_seconds"])
async def test_numbers_are_strict(field: str, value: Any, ada: AsyncClient) -> None:
    part, name = field.split(".")
    body = job_body()
    body[part] = body.get(part, {}) | {name: value}
    answer = await ada.post("/api/jobs", json=body)
    _assert_problem(answer, 422)
    assert answer.json()["errors"][0]["field"] == field


@pytest.mark.parametrize(
    ("header", "patched", "deleted"),
    [
        ('"1"', 200, 412),
        ('"2"', 412, 412),
        ("*", 200, 204),
        ('"7", "1"', 200, 412),
        ('W/"1"', 200, 412),
        ("1", 200, 412),
        ('"one"', 412, 412),
    ],
)
async def test_if_match_lets_through_the_version_it_names_only(
    header: str, patched: int, deleted: int, ada: AsyncClient
) -> None:
    job = await _job(ada)
    path, headers = f"/api/jobs/{job['id']}", {"If-Match": header}
    answer = await ada.patch(path, json={"name": "B"}, headers=headers)
    assert answer.status_code == patched
    if patched == 200:
        assert answer.headers["ETag"] == '"2"'
        assert answer.json()["version"] == 2
    else:
        _assert_problem(answer, 412)
        assert (await ada.get(path)).json()["name"] == job["name"]
    assert (await ada.delete(path, headers=headers)).status_code == deleted


async def test_every_post_that_creates_something_takes_an_idempotency_key(
    ada: AsyncClient,
) -> None:
    document = (await ada.get("/api/openapi.json")).json()
    for path, methods in document["paths"].items():
        creates = {"201", "202"} & methods.get("post", {"responses": {}})["responses"].keys()
        if creates and path not in NOT_REPEATED and not path.endswith("/cancel"):
            names = [one["name"] for one in methods["post"].get("parameters", [])]
            assert "Idempotency-Key" in names, path


async def test_every_moment_is_utc_with_milliseconds(ada: AsyncClient) -> None:
    job = await _job(ada)
    run = (await ada.post(f"/api/jobs/{job['id']}/run")).json()["run"]
    token = (await ada.post("/api/tokens", json={"name": "CI", "scope": "read"})).json()
    me = (await ada.get("/api/auth/me")).json()
    for fields in (job, run, token, me):
        named = {name: value for name, value in fields.items() if name.endswith(("_at", "_time"))}
        assert named
        for name, value in named.items():
            assert value is None or MOMENT.fullmatch(value), name


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api", 404),
        ("GET", "/api/nothing", 404),
        ("GET", "/api/jobs/", 404),
        ("GET", "/api/jobs/nobodys", 404),
        ("POST", "/api/jobs/nobodys/pause", 404),
        ("GET", "/api/runs/nobodys", 404),
        ("PUT", "/api/jobs", 405),
        ("DELETE", "/api/stats", 405),
        ("TRACE", "/api/jobs", 405),
    ],
)
async def test_what_is_not_there_is_a_problem(
    method: str, path: str, status: int, ada: AsyncClient
) -> None:
    _assert_problem(await ada.request(method, path), status)
