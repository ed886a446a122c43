"""What looking at accounts and at the audit log costs."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from cronpp_app.domain.audit import AuditAction
from cronpp_app.store.audit import AuditFilter, AuditStore
from cronpp_app.store.database import Database
from cronpp_app.store.people import PeopleStore
from tests.factories import NOON
from tests.store.conftest import CostOf, assert_cheap

MANY, LIMIT = 1_500, 20
ADA, BOB = "ada", "bob"
HOUR = timedelta(hours=1)


@pytest.fixture
def database_name(new_database_name: str) -> str:
    """MongoDB remembers which plan suited documents that other tests stored."""
    return new_database_name


@pytest.fixture
async def database(database: Database) -> Database:
    """The database, with many accounts and entries in it."""
    await database.raw["audit_log"].insert_many([_entry(n) for n in range(MANY)])
    await database.users.insert_many([_account(n) for n in range(MANY)])
    return database


def _entry(n: int) -> dict[str, Any]:
    action = AuditAction.JOB_DELETED if n % 50 == 0 else AuditAction.JOB_CREATED
    person = BOB if n % 3 else ADA
    who = {"user_id": person, "actor_id": person, "actor": "", "people": [person]}
    more = dict.fromkeys(("token", "address", "target", "count")) | {"changes": [], "via": "api"}
    moment = NOON - timedelta(seconds=n // 3)
    return {"_id": f"entry-{n:06}", "at": moment, "action": action.value, **who, **more}


def _entries(**which: Any) -> Callable[..., Any]:
    def ask(database: Database, after: Any = None) -> Awaitable[Any]:
        store = AuditStore(database, lasting=HOUR)
        return store.page(AuditFilter(**which), limit=LIMIT, after=after)

    return ask


def _account(n: int) -> dict[str, Any]:
    more = {"disabled_at": NOON, "unsettled_since": NOON} if n == 700 else {}
    names = {"email": f"user-{n:06}@example.org", "role": "user", "timezone": "UTC"}
    other = {"password_hash": "", "session_epoch": 0, "created_at": NOON}
    return {"_id": f"user-{n:06}", **names, **other, **more}


LISTS = {
    "the whole audit log": _entries(),
    "audit entries of a person": _entries(user_id=ADA),
    "audit entries of an action": _entries(action=AuditAction.JOB_DELETED),
    "deletions of a person": _entries(user_id=ADA, action=AuditAction.JOB_DELETED),
}


@pytest.mark.parametrize("name", LISTS)
async def test_a_page_is_read_in_the_order_of_an_index(
    name: str, database: Database, cost_of: CostOf
) -> None:
    _, position = await LISTS[name](database)
    for after in [None] if position is None else [None, position]:
        (cost,) = await cost_of(LISTS[name](database, after))
        assert_cheap(cost)


QUERIES: dict[str, Callable[[Database], Awaitable[Any]]] = {
    "accounts": lambda db: PeopleStore(db).page("", limit=LIMIT),
    "more accounts": lambda db: PeopleStore(db).page("", limit=LIMIT, after="user-000900"),
    "accounts by their beginning": lambda db: PeopleStore(db).page("user-0001", limit=LIMIT),
    "accounts whose jobs are to follow": lambda db: PeopleStore(db).unsettled(),
}


@pytest.mark.parametrize("name", QUERIES)
async def test_a_query_reads_what_it_returns(
    name: str, database: Database, cost_of: CostOf
) -> None:
    (cost,) = await cost_of(QUERIES[name](database))
    assert_cheap(cost)


COUNTS: dict[str, Callable[[Database], Awaitable[Any]]] = {
    "accounts": lambda db: PeopleStore(db).count("user-0"),
    "audit entries": lambda db: AuditStore(db, lasting=HOUR).count(
        AuditFilter(user_id=ADA, action=AuditAction.JOB_CREATED), limit=10_001
    ),
}


@pytest.mark.parametrize("name", COUNTS)
async def test_counting_reads_index_keys_and_no_documents(
    name: str, database: Database, cost_of: CostOf
) -> None:
    for cost in await cost_of(COUNTS[name](database)):
        assert "COLLSCAN" not in cost["planSummary"]
        assert cost["docsExamined"] == 0
