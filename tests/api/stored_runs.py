"""Runs in the ledger as workers leave them there."""

from collections.abc import Mapping
from typing import Any

from httpx import AsyncClient

from cronpp_app.store.database import Database
from cronpp_app.store.run_documents import run_document
from tests.api.created_jobs import create_job
from tests.factories import make_job, make_run


async def new_job(client: AsyncClient, **changes: Any) -> str:
    """Create a job; return its id."""
    return str((await create_job(client, **changes))["id"])


async def id_of(client: AsyncClient) -> str:
    """Return the id of who asks."""
    return str((await client.get("/api/auth/me")).json()["id"])


async def store_run(database: Database, client: AsyncClient, **changes: Any) -> Mapping[str, Any]:
    """Put a run as workers leave it into the ledger."""
    fields = {name: changes.pop(name) for name in ("id", "job_id", "fire_time") if name in changes}
    job = make_job(id=fields.pop("job_id", "job-1"), user_id=await id_of(client))
    document = dict(run_document(make_run(job, **fields)))
    if changes.get("status") not in {None, "RETRYING", "RUNNING"}:
        del document["wake_at"]
        changes.setdefault("finished_at", document["fire_time"])
    document |= changes
    await database.runs.insert_one(document)
    return document
