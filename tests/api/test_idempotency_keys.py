"""A request that is sent again with its Idempotency-Key creates nothing twice."""

import asyncio

from httpx import AsyncClient

from tests.factories import job_body


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
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert (await ada.get("/api/jobs")).json()["total"] == 1


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
