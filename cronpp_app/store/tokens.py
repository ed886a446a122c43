"""API tokens. Of a token only the SHA-256 is ever stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cronpp_app.store.database import Database
from cronpp_app.store.documents import SCHEMA, Document


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """A token as stored; `scope` is "read" or "write", `ending` its last four characters."""

    id: str
    user_id: str
    name: str
    scope: str
    ending: str
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None


class TokenStore:
    """The collection `api_tokens`."""

    def __init__(self, database: Database) -> None:
        self._tokens = database.api_tokens

    async def add(self, token: ApiToken, *, hashed: str) -> None:
        """Store a new token; `hashed` is the SHA-256 of what its owner keeps."""
        document: Document = {
            "_id": token.id,
            "schema": SCHEMA,
            "hash": hashed,
            "user_id": token.user_id,
            "name": token.name,
            "scope": token.scope,
            "ending": token.ending,
            "created_at": token.created_at,
        }
        expiry = {"expires_at": token.expires_at} if token.expires_at else {}
        await self._tokens.insert_one(document | expiry)

    async def by_hash(self, hashed: str) -> ApiToken | None:
        """Return the token with this SHA-256, ended or not, or None."""
        document = await self._tokens.find_one({"hash": hashed})
        return _token_from(document) if document else None

    async def page(
        self, user_id: str, *, limit: int, after: str | None = None
    ) -> tuple[list[ApiToken], str | None]:
        """Return at most `limit` tokens of a user behind the id `after`, the newest first.

        With them the id to go on from, None when there are no more.
        """
        behind = {"_id": {"$lt": after}} if after else {}
        cursor = self._tokens.find({"user_id": user_id, **behind}).sort({"_id": -1})
        documents = await cursor.limit(limit + 1).to_list()
        tokens = [_token_from(document) for document in documents[:limit]]
        return tokens, tokens[-1].id if len(documents) > limit else None

    async def count(self, user_id: str) -> int:
        """Return how many tokens this user has."""
        return await self._tokens.count_documents({"user_id": user_id})

    async def note_use(self, token_id: str, *, now: datetime) -> None:
        """Note when a token was last used."""
        await self._tokens.update_one({"_id": token_id}, {"$set": {"last_used_at": now}})

    async def delete(self, user_id: str, token_id: str) -> ApiToken | None:
        """Delete a token of this user and return it; None if it was not there."""
        deleted = await self._tokens.find_one_and_delete({"_id": token_id, "user_id": user_id})
        return _token_from(deleted) if deleted else None

    async def delete_all(self, user_id: str) -> None:
        """Delete all tokens of a person, together with the account."""
        await self._tokens.delete_many({"user_id": user_id})


def _token_from(document: Mapping[str, Any]) -> ApiToken:
    return ApiToken(
        id=document["_id"],
        user_id=document["user_id"],
        name=document["name"],
        scope=document["scope"],
        ending=document["ending"],
        created_at=document["created_at"],
        expires_at=document.get("expires_at"),
        last_used_at=document.get("last_used_at"),
    )
