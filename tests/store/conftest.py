"""What queries cost, as MongoDB's profiler counts it while they run."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from cronpp_app.store.database import Database

Costs = list[dict[str, Any]]
CostOf = Callable[[Awaitable[Any]], Awaitable[Costs]]


@pytest.fixture
def cost_of(database: Database) -> CostOf:
    """Return what the profiler noted of the queries and updates that something makes."""

    async def measure(work: Awaitable[Any]) -> Costs:
        await database.raw.command("profile", 2)
        await work
        await database.raw.command("profile", 0)
        kinds = {"op": {"$in": ["query", "command", "update"]}}
        noted = database.raw["system.profile"].find(kinds)
        costs = [dict(entry) async for entry in noted if "planSummary" in entry]
        await database.raw.drop_collection("system.profile")
        return costs

    return measure
