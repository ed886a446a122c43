from typing import Any

import pytest
from httpx import AsyncClient

from cronpp_app.store.database import Database
from tests.factories import HOOK, job_body


async def _create(client: AsyncClient, name: str, **changes: Any) -> str:
    answer = await client.post("/api/jobs", json=job_body(name=name, **changes))
    return str(answer.json()["id"])


async def _names(client: AsyncClient, **query: Any) -> list[str]:
    answer = await client.get("/api/jobs", params=query)
    assert answer.status_code == 200, answer.text
    return [job["name"] for job in answer.json()["items"]]


async def test_jobs_are_sorted_as_asked_and_the_paused_come_last(ada: AsyncClient) -> None:
    await _create(ada, "bravo", schedule={"kind": "cron", "cron": "5 * * * *"})
    await _create(ada, "Alpha", schedule={"kind": "cron", "cron": "10 * * * *"}, enabled=False)
    await _create(ada, "charlie", schedule={"kind": "cron", "cron": "1 * * * *"})
    assert await _names(ada) == ["charlie", "bravo", "Alpha"]
    assert await _names(ada, sort="name") == ["Alpha", "bravo", "charlie"]
    assert await _names(ada, sort="-name") == ["charlie", "bravo", "Alpha"]


@pytest.mark.parametrize("sort", ["name", "next_run_time", "last_run", "created_at"])
@pytest.mark.parametrize("direction", ["", "-"])
async def test_pages_show_every_job_once_while_others_come_and_go(
    sort: str, direction: str, ada: AsyncClient
) -> None:
    # The same name, time and creation for all: only the id tells them apart.
    ids = [await _create(ada, "same") for _ in range(7)]
    query = {"sort": f"{direction}{sort}", "limit": 2}
    seen, cursor = [], None
    for _ in range(10):
        page = await ada.get("/api/jobs", params=query | ({"cursor": cursor} if cursor else {}))
        body = page.json()
        seen += [job["id"] for job in body["items"]]
        cursor = body["next_cursor"]
        if cursor is None:
            break
        await _create(ada, "same")
        await ada.delete(f"/api/jobs/{seen[0]}")
    assert len(seen) == len(set(seen))
    assert set(ids) <= set(seen)


async def test_the_total_counts_the_whole_list(ada: AsyncClient) -> None:
    for n in range(3):
        await _create(ada, f"job {n}")
    body = (await ada.get("/api/jobs", params={"limit": 1})).json()
    assert (body["total"], body["total_is_exact"]) == (3, True)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("exp", ["Nightly export"]),
        ("NIGHT export", ["Nightly export"]),
        ("billing", ["Nightly export"]),
        ("api.example", ["Sync"]),
        ("https://api.example.org/v2/sync", ["Sync"]),
        ("port", []),
        (".*", []),
        ("^(", []),
        ("", ["Nightly export", "Sync"]),
    ],
)
async def test_a_search_finds_beginnings_of_words_in_name_tags_and_url(
    query: str, found: list[str], ada: AsyncClient
) -> None:
    await _create(ada, "Nightly export", tags=["billing"])
    target = {"kind": "http", "method": "GET", "url": "https://api.example.org/v2/sync"}
    await _create(ada, "Sync", action=target)
    assert await _names(ada, q=query, sort="name") == found


async def test_lists_are_filtered_by_status_and_tag(ada: AsyncClient) -> None:
    await _create(ada, "one", tags=["a"])
    await _create(ada, "two", tags=["a", "b"], enabled=False)
    assert await _names(ada, tag="a", sort="name") == ["one", "two"]
    assert await _names(ada, tag="b") == ["two"]
    assert await _names(ada, status="PAUSED") == ["two"]
    assert await _names(ada, status="PENDING", tag="b") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "201"}, "limit"),
        ({"limit": "1e2"}, "limit"),
        ({"limit": "٣"}, "limit"),
        ({"sort": "$where"}, "sort"),
        ({"sort": "--name"}, "sort"),
        ({"status": "pending"}, "status"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"cursor": "W10"}, "cursor"),
        ({"q": "x" * 201}, "q"),
        ({"q": "a\u0000b"}, "q"),
        ({"page": "2"}, "page"),
    ],
)
async def test_a_wrong_query_is_refused_by_name(
    query: dict[str, str], field: str, ada: AsyncClient
) -> None:
    answer = await ada.get("/api/jobs", params=query)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_a_cursor_of_another_order_is_refused(ada: AsyncClient) -> None:
    for n in range(3):
        await _create(ada, f"job {n}")
    page = (await ada.get("/api/jobs", params={"limit": 1, "sort": "name"})).json()
    query = {"limit": 1, "sort": "-name", "cursor": page["next_cursor"]}
    assert (await ada.get("/api/jobs", params=query)).status_code == 422


async def test_a_damaged_job_is_listed_and_hides_no_others(
    ada: AsyncClient, database: Database
) -> None:
    damaged = await _create(ada, "damaged")
    await _create(ada, "sound")
    await database.jobs.update_one({"_id": damaged}, {"$set": {"schedule": {"kind": "moon"}}})
    assert await _names(ada) == ["damaged", "sound"]


async def test_urls_are_refused_where_their_host_may_not_be_called(
    ada: AsyncClient, job_secrets: Any
) -> None:
    def refuse(url: str) -> None:
        if url != HOOK:
            raise ValueError("That address is private.")

    job_secrets.check_target = refuse
    private = {"kind": "http", "method": "GET", "url": "http://10.0.0.1/"}
    answer = await ada.post("/api/jobs", json=job_body(name="", action=private))
    errors = {error["field"]: error["message"] for error in answer.json()["errors"]}
    assert errors["action.url"] == "That address is private."
    assert "name" in errors
    job = await _create(ada, "allowed")
    changes = {"action": {"url": "http://10.0.0.1/"}}
    assert (await ada.patch(f"/api/jobs/{job}", json=changes)).status_code == 422
