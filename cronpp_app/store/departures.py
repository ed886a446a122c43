"""Accounts that were deleted, and of which something may be left: what upkeep goes on with."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from pymongo.asynchronous.client_session import AsyncClientSession

from cronpp_app.store.database import Database
from cronpp_app.store.documents import SCHEMA, Document

# Administrators who can sign in.
IN_CHARGE: Final = MappingProxyType({"role": "admin", "disabled_at": {"$exists": False}})


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """A deleted account whose belongings are being removed since `began_at`."""

    user_id: str
    email: str
    began_at: datetime


class SoleAdmin(Exception):
    """The account is the only administrator's, and others have accounts."""


class DepartureStore:
    """The collection `departures`, one document per deleted account, until nothing is left."""

    def __init__(self, database: Database) -> None:
        self._client = database.client
        self._users = database.users
        self._departures = database.raw["departures"]

    async def begin(self, user_id: str, *, password_hash: str, now: datetime) -> Departure | None:
        """Delete an account and note its departure, both or neither; from now on nobody is it.

        None if it is gone, or its password is no longer the one of `password_hash`. Raises
        SoleAdmin. The mark of the first account goes on to another administrator, so that it is
        not the next stranger who becomes one.
        """

        async def depart(session: AsyncClientSession) -> Departure | None:
            present = {"_id": user_id, "password_hash": password_hash}
            account = await self._users.find_one_and_delete(present, session=session)
            if account is None:
                return None
            await self._hand_over(account, now, session)
            departure = Departure(user_id=user_id, email=account["email"], began_at=now)
            await self._departures.insert_one(_document(departure), session=session)
            return departure

        async with self._client.start_session() as session:
            return await session.with_transaction(depart)

    async def all(self) -> list[Departure]:
        """Return the departures of which something may be left, the oldest first."""
        return [
            Departure(user_id=found["_id"], email=found["email"], began_at=found["began_at"])
            async for found in self._departures.find().sort({"began_at": 1})
        ]

    async def end(self, user_id: str) -> None:
        """Forget a departure: nothing of it is left."""
        await self._departures.delete_one({"_id": user_id})

    async def _hand_over(
        self, account: Mapping[str, Any], now: datetime, session: AsyncClientSession
    ) -> None:
        if account["role"] != "admin" or await self._users.find_one({}, session=session) is None:
            return
        # Written to, not only read: of two administrators who leave at once, one comes second.
        mark = {"founder": True} if account.get("founder") else {}
        heir = await self._users.find_one_and_update(
            dict(IN_CHARGE), {"$set": {"in_charge_since": now, **mark}}, session=session
        )
        if heir is None:
            raise SoleAdmin


def _document(departure: Departure) -> Document:
    fields = {"email": departure.email, "began_at": departure.began_at}
    return {"_id": departure.user_id, "schema": SCHEMA, **fields}
