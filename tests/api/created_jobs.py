"""Jobs made as programs make them."""

from typing import Any

from httpx import AsyncClient

from tests.factories import job_body


async def create_job(client: AsyncClient, **changes: Any) -> dict[str, Any]:
    """Create a job; return the answer."""
    answer = await client.post("/api/jobs", json=job_body(**changes))
    assert answer.status_code == 201, answer.text
    job: dict[str, Any] = answer.json()
    return job
