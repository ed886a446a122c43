"""What queries cost, as MongoDB's profiler counts it while they run."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from cronpp_app.store.database import Database

Costs = list[dict[str, Any]]
# A page reads one document more than it shows, and an index scan may end one key further.
KEYS_PER_DOCUMENT = 2
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


def assert_cheap(cost: dict[str, Any], *, may_sort: bool = False) -> None:
    returned = max(1, cost["nreturned"])
    assert "COLLSCAN" not in cost["planSummary"]
    assert may_sort or not cost.get("hasSortStage"), cost["planSummary"]
    assert cost["keysExamined"] <= KEYS_PER_DOCUMENT * returned + 4, cost["planSummary"]
    assert cost["docsExamined"] <= KEYS_PER_DOCUMENT * returned + 4, cost["planSummary"]
