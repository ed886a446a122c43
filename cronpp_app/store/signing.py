"""The secrets that sign people's calls, sealed; an old one goes on signing for a while."""

import base64
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from cronpp_app.domain.secrets import Sealed
from cronpp_app.store.action_documents import sealed_document, sealed_from
from cronpp_app.store.database import DUPLICATE_KEY, Database
from cronpp_app.store.documents import SCHEMA, Document
from cronpp_app.store.keys import Keys

_SECRET_BYTES = 32  # Standard Webhooks 1.0: 24 to 64


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningSecret:
    """A secret that signs, `whsec_` and Base64; one that was replaced has an end."""

    secret: str
    until: datetime | None = None


def new_signing_secret() -> str:
    """Return a fresh random secret in the form of Standard Webhooks: `whsec_` and Base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode("ascii")


def place_of_signing(user_id: str) -> str:
    """Return the place that the signing secrets of a person belong to."""
    return f"signing_secrets/{user_id}"


class SigningStore:
    """The collection `signing_secrets`, one document per person, made when first asked for."""

    def __init__(self, database: Database, keys: Keys) -> None:
        self._secrets = database.raw["signing_secrets"]
        self._keys = keys

    async def of(
        self, user_ids: Sequence[str], *, now: datetime
    ) -> dict[str, tuple[SigningSecret, ...]]:
        """Return the secrets that sign the calls of each of these people, the current one first."""
        found = await self._read(user_ids)
        missing = [user_id for user_id in user_ids if user_id not in found]
        if missing:
            await self._make(missing, now)
            found |= await self._read(missing)
        return {user_id: await self._opened(document) for user_id, document in found.items()}

    async def replace(
        self, user_id: str, *, now: datetime, old_until: datetime, most: int
    ) -> SigningSecret | None:
        """Return a new secret; the one before signs until `old_until` besides it.

        None when that would make more than `most` that sign, or somebody was faster.
        """
        document = (await self._read([user_id])).get(user_id)
        if document is None:
            await self._make([user_id], now)
            document = (await self._read([user_id]))[user_id]
        before = [old for old in document["previous"] if old["until"] > now]
        before.insert(0, {"secret": document["secret"], "until": old_until})
        if len(before) >= most:
            return None
        secret = new_signing_secret()
        fields = {"secret": await self._sealed(user_id, secret), "previous": before}
        changed = await self._secrets.update_one(
            {"_id": user_id, "secret": document["secret"]}, {"$set": fields | {"made_at": now}}
        )
        return SigningSecret(secret=secret) if changed.modified_count else None

    async def forget(self, user_id: str) -> None:
        """Delete what a person signed with, together with the account."""
        await self._secrets.delete_one({"_id": user_id})

    async def _read(self, user_ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        found = self._secrets.find({"_id": {"$in": list(user_ids)}})
        return {document["_id"]: document async for document in found}

    async def _make(self, user_ids: Sequence[str], now: datetime) -> None:
        """Store first secrets; where somebody was faster, theirs stays."""
        updates = []
        for user_id in user_ids:
            secret = await self._sealed(user_id, new_signing_secret())
            fields = {"schema": SCHEMA, "secret": secret, "previous": [], "made_at": now}
            updates.append(UpdateOne({"_id": user_id}, {"$setOnInsert": fields}, upsert=True))
        try:
            await self._secrets.bulk_write(updates, ordered=False)
        except BulkWriteError as error:
            if any(failure["code"] != DUPLICATE_KEY for failure in error.details["writeErrors"]):
                raise

    async def _opened(self, document: Mapping[str, Any]) -> tuple[SigningSecret, ...]:
        user_id = document["_id"]
        current = SigningSecret(secret=await self._open(user_id, sealed_from(document["secret"])))
        before = [
            SigningSecret(
                secret=await self._open(user_id, sealed_from(old["secret"])), until=old["until"]
            )
            for old in document["previous"]
        ]
        return (current, *before)

    async def _sealed(self, user_id: str, secret: str) -> Document:
        return sealed_document(await self._keys.seal(secret, place=place_of_signing(user_id)))

    async def _open(self, user_id: str, sealed: Sealed) -> str:
        return await self._keys.unseal(sealed, place=place_of_signing(user_id))
