"""All accounts, as administrators see and change them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from cronpp_app.store.accounts import Account, account_from
from cronpp_app.store.database import Database
from cronpp_app.store.departures import IN_CHARGE, SoleAdmin
from cronpp_app.store.documents import Document

# Counting on would cost more than the number is worth.
COUNTED_TO: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An account with what an administrator should know of it.

    `signed_in_at` is the last sign-in; `jobs`, and `runs_24h` of the last 24 hours, are counted
    to 10,000.
    """

    id: str
    email: str
    role: str
    created_at: datetime
    signed_in_at: datetime | None
    disabled_at: datetime | None
    jobs: int
    runs_24h: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsettled:
    """An account that was disabled or enabled `since` a moment; its jobs may have to follow."""

    account: Account
    since: datetime


class PeopleStore:
    """The collection `users` as a whole, with counts of `jobs` and `runs`."""

    def __init__(self, database: Database) -> None:
        self._client = database.client
        self._users = database.users
        self._jobs = database.jobs
        self._runs = database.runs

    async def page(
        self, beginning: str, *, limit: int, after: str | None = None
    ) -> tuple[list[Mapping[str, Any]], str | None]:
        """Return at most `limit` accounts in the order of their e-mail addresses.

        Only addresses with this `beginning`, behind the one `after`; and the one to go on from.
        """
        query = _beginning_with(beginning)
        if after is not None:
            query = {"$and": [query, {"email": {"$gt": after}}]}
        documents = await self._users.find(query).sort({"email": 1}).limit(limit + 1).to_list()
        found = documents[:limit]
        return found, found[-1]["email"] if len(documents) > limit else None

    async def count(self, beginning: str) -> int:
        """Return how many accounts have addresses with this beginning, to one beyond 10,000."""
        return await self._users.count_documents(_beginning_with(beginning), limit=COUNTED_TO + 1)

    async def get(self, user_id: str) -> Mapping[str, Any] | None:
        """Return an account, or None."""
        return await self._users.find_one({"_id": user_id})

    async def with_counts(self, document: Mapping[str, Any], *, since: datetime) -> Person:
        """Return an account with the numbers of its jobs, and of its runs `since` a moment."""
        mine = {"user_id": document["_id"]}
        runs = mine | {"fire_time": {"$gte": since}}
        return Person(
            id=document["_id"],
            email=document["email"],
            role=document["role"],
            created_at=document["created_at"],
            signed_in_at=document.get("signed_in_at"),
            disabled_at=document.get("disabled_at"),
            jobs=await self._jobs.count_documents(mine, limit=COUNTED_TO),
            runs_24h=await self._runs.count_documents(runs, limit=COUNTED_TO, hint="runs_of_user"),
        )

    async def disable(self, user_id: str, *, now: datetime) -> bool:
        """Shut an account and end the epoch of its sessions in the same write.

        Returns False if there was nothing to change. Raises SoleAdmin.
        """
        open_one = {"_id": user_id, "disabled_at": {"$exists": False}}
        fields = {"disabled_at": now, "unsettled_since": now}
        change = {"$set": fields, "$inc": {"session_epoch": 1}}
        return await self._change_keeping_an_admin(open_one, change, now=now)

    async def enable(self, user_id: str, *, now: datetime) -> bool:
        """Open an account again; return False if there was nothing to change."""
        shut = {"_id": user_id, "disabled_at": {"$exists": True}}
        change = {"$set": {"unsettled_since": now}, "$unset": {"disabled_at": ""}}
        return (await self._users.update_one(shut, change)).modified_count == 1

    async def set_role(self, user_id: str, role: str, *, now: datetime) -> bool:
        """Give an account a role; return False if there was nothing to change. Raises SoleAdmin."""
        other = {"_id": user_id, "role": {"$ne": role}}
        return await self._change_keeping_an_admin(other, {"$set": {"role": role}}, now=now)

    async def unsettled(self) -> list[Unsettled]:
        """Return the accounts whose jobs may have to follow, the oldest change first."""
        found = self._users.find({"unsettled_since": {"$type": "date"}}).sort(
            {"unsettled_since": 1}
        )
        return [
            Unsettled(account=account_from(dict(one)), since=one["unsettled_since"])
            async for one in found
        ]

    async def settle(self, user_id: str, *, since: datetime) -> None:
        """Note that the jobs have followed, unless the account was changed once more."""
        await self._users.update_one(
            {"_id": user_id, "unsettled_since": since}, {"$unset": {"unsettled_since": ""}}
        )

    async def _change_keeping_an_admin(
        self, which: Document, change: Document, *, now: datetime
    ) -> bool:
        async def do(session: AsyncClientSession) -> bool:
            before = await self._users.find_one_and_update(
                which, change, return_document=ReturnDocument.BEFORE, session=session
            )
            if before is None:
                return False
            # Written to, not only read: of two administrators shut at once, one comes second.
            mark = {"$set": {"in_charge_since": now}}
            left = await self._users.find_one_and_update(dict(IN_CHARGE), mark, session=session)
            if left is None:
                raise SoleAdmin
            return True

        async with self._client.start_session() as session:
            return await session.with_transaction(do)


def _beginning_with(text: str) -> Document:
    # Within the index: people's words are matched as they are, never as patterns.
    return {"email": {"$regex": f"^{re.escape(text)}"}} if text else {}
