"""People's secrets, sealed. Every query names the owner."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.errors import DuplicateKeyError

from cronpp_app.store.action_documents import sealed_document, sealed_from
from cronpp_app.store.database import Database
from cronpp_app.store.documents import SCHEMA, Document
from cronpp_app.store.keys import Keys

# The owner and the name of a secret.
SecretKey = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSecret:
    """A secret without its value; `shown` is the value's mask."""

    name: str
    shown: str
    created_at: datetime
    updated_at: datetime


class SecretStore:
    """The collection `secrets`."""

    def __init__(self, database: Database, keys: Keys) -> None:
        self._secrets = database.raw["secrets"]
        self._jobs = database.jobs
        self._keys = keys

    async def add(self, user_id: str, name: str, value: str, *, shown: str, now: datetime) -> bool:
        """Store a new secret; return False if there is one of this name."""
        document = {
            "_id": _id(user_id, name),
            "schema": SCHEMA,
            "user_id": user_id,
            "name": name,
            "created_at": now,
            **await self._value_fields(user_id, name, value, shown=shown, now=now),
        }
        try:
            await self._secrets.insert_one(document)
        except DuplicateKeyError:
            return False
        return True

    async def replace(
        self, user_id: str, name: str, value: str, *, shown: str, now: datetime
    ) -> bool:
        """Give a secret another value; return False if there is none of this name."""
        fields = await self._value_fields(user_id, name, value, shown=shown, now=now)
        changed = await self._secrets.update_one({"_id": _id(user_id, name)}, {"$set": fields})
        return changed.matched_count == 1

    async def delete(self, user_id: str, name: str) -> bool:
        """Delete a secret; return whether it was there."""
        return (await self._secrets.delete_one({"_id": _id(user_id, name)})).deleted_count == 1

    async def delete_all(self, user_id: str) -> None:
        """Delete all secrets of a person, together with the account."""
        await self._secrets.delete_many({"user_id": user_id})

    async def get(self, user_id: str, name: str) -> StoredSecret | None:
        """Return a secret of this person, or None."""
        document = await self._secrets.find_one({"_id": _id(user_id, name)}, {"value": 0})
        return _stored_from(document) if document else None

    async def page(
        self, user_id: str, *, limit: int, after: str | None = None
    ) -> tuple[list[StoredSecret], str | None]:
        """Return at most `limit` secrets by name, and the name to go on behind (None: no more)."""
        behind = {"name": {"$gt": after}} if after else {}
        cursor = self._secrets.find({"user_id": user_id, **behind}, {"value": 0}).sort({"name": 1})
        documents = await cursor.limit(limit + 1).to_list()
        secrets = [_stored_from(document) for document in documents[:limit]]
        return secrets, secrets[-1].name if len(documents) > limit else None

    async def count(self, user_id: str) -> int:
        """Return how many secrets this person has."""
        return await self._secrets.count_documents({"user_id": user_id})

    async def use_counts(self, user_id: str, names: Sequence[str]) -> dict[str, int]:
        """Return how many jobs of this person refer to each of the secrets named."""
        stages: list[Document] = [
            {
                "$match": {
                    "user_id": user_id,
                    "secret_names": {"$in": list(names), "$type": "string"},
                }
            },
            {"$unwind": "$secret_names"},
            {"$group": {"_id": "$secret_names", "count": {"$sum": 1}}},
        ]
        counts: dict[str, int] = defaultdict(int)
        async for group in await self._jobs.aggregate(stages):
            counts[group["_id"]] = group["count"]
        return counts

    async def values(self, wanted: Sequence[SecretKey]) -> dict[SecretKey, str]:
        """Return the values of those secrets that exist, by owner and name."""
        by_id = {_id(user_id, name): (user_id, name) for user_id, name in wanted}
        found = self._secrets.find({"_id": {"$in": list(by_id)}}, {"value": 1})
        return {
            by_id[document["_id"]]: await self._keys.unseal(
                sealed_from(document["value"]), place=place_of_secret(*by_id[document["_id"]])
            )
            async for document in found
        }

    async def _value_fields(
        self, user_id: str, name: str, value: str, *, shown: str, now: datetime
    ) -> Document:
        sealed = await self._keys.seal(value, place=place_of_secret(user_id, name))
        return {"value": sealed_document(sealed), "shown": shown, "updated_at": now}


def _id(user_id: str, name: str) -> str:
    return f"{user_id}/{name}"


def place_of_secret(user_id: str, name: str) -> str:
    """Return the place that the value of a secret belongs to."""
    return f"secrets/{user_id}/{name}/value"


def _stored_from(document: Mapping[str, Any]) -> StoredSecret:
    return StoredSecret(
        name=document["name"],
        shown=document["shown"],
        created_at=document["created_at"],
        updated_at=document["updated_at"],
    )
