"""What every resource answers beside its own methods, and to methods that it does not have."""

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from starlette.responses import PlainTextResponse

from tests.factories import job_body

PROBES = ["/healthz", "/readyz", "/metrics"]
READ = ["/api/jobs", "/api/runs", "/api/export", "/api/auth/me", "/api/openapi.json", "/api/docs"]
ALLOWED = {
    "/api/jobs": "GET, HEAD, OPTIONS, POST",
    "/api/jobs/x": "DELETE, GET, HEAD, OPTIONS, PATCH",
    "/api/jobs/bulk": "OPTIONS, POST",
    "/api/docs": "GET, HEAD, OPTIONS",
    **dict.fromkeys(PROBES, "GET, HEAD, OPTIONS"),
}


@pytest.fixture(autouse=True)
def pages(app: FastAPI) -> None:
    """Stand in for the pages, which are mounted behind the API and answer anything."""
    app.mount("/", PlainTextResponse("a page"))


async def test_head_says_what_get_would_without_the_body(ada: AsyncClient) -> None:
    for path in (*READ, *PROBES):
        got, headed = await ada.get(path), await ada.head(path)
        assert headed.status_code == got.status_code == 200, path
        assert headed.content == b"", path
        for name in ("Content-Type", "Content-Length"):
            assert headed.headers.get(name) == got.headers.get(name), path


async def test_head_tells_a_version_and_what_is_not_there(ada: AsyncClient) -> None:
    job = (await ada.post("/api/jobs", json=job_body())).json()
    headed = await ada.head(f"/api/jobs/{job['id']}")
    assert (headed.status_code, headed.headers["ETag"]) == (200, '"1"')
    missing = await ada.head("/api/jobs/nobodys")
    assert (missing.status_code, missing.content) == (404, b"")
    assert (await ada.head("/api/schedules/preview")).status_code == 405


async def test_options_tells_the_methods(ada: AsyncClient) -> None:
    for path, allowed in ALLOWED.items():
        answer = await ada.options(path)
        assert (answer.status_code, answer.content) == (204, b""), path
        assert answer.headers["Allow"] == allowed


async def test_a_method_that_is_not_there_is_a_problem_not_a_page(ada: AsyncClient) -> None:
    for path in ("/api/jobs", *PROBES):
        for method in ("PUT", "TRACE", "PROPFIND", "BREW"):
            answer = await ada.request(method, path)
            assert answer.status_code == 405, (method, path)
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert answer.headers["Allow"] == ALLOWED[path]


async def test_strangers_learn_nothing_by_other_methods(stranger: AsyncClient) -> None:
    for method in ("HEAD", "OPTIONS", "BREW"):
        assert (await stranger.request(method, "/api/jobs")).status_code == 401
