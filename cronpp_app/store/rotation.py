"""Changing the installation's key while everything runs: each key can open the other meanwhile.

While the change lasts the database holds each of the two keys sealed with the other one, so
that processes with the old key and with the new one open, and seal, the same secrets.
"""

from collections.abc import Mapping
from typing import Any

from pymongo import UpdateOne

from cronpp_app.domain.secrets import place_of_header
from cronpp_app.errors import SetupError
from cronpp_app.sealing import KeyRing
from cronpp_app.store.action_documents import sealed_document, sealed_from
from cronpp_app.store.database import Collection, Database
from cronpp_app.store.documents import Document
from cronpp_app.store.keys import KEY_DOCUMENT, KeyStore
from cronpp_app.store.secrets import place_of_secret
from cronpp_app.store.signing import place_of_signing

_STEP = 500


class Rotation:
    """A change from the first key of `ring` to `new_id`, which it holds too."""

    def __init__(self, database: Database, ring: KeyRing, *, new_id: str) -> None:
        self._database = database
        self._ring = ring
        self._new_id = new_id

    async def begin(self) -> None:
        """Make the new key the one that seals; one that has begun goes on.

        Raises SetupError if the database is sealed with neither of the two keys.
        """
        old_id = self._ring.own_id
        wraps = [self._wrap(self._new_id, by=old_id), self._wrap(old_id, by=self._new_id)]
        await KeyStore(self._database).establish(old_id)
        await self._database.raw["installation"].update_one(
            {"_id": KEY_DOCUMENT, "key_id": old_id, "wraps": []},
            {"$set": {"key_id": self._new_id, "wraps": wraps}},
        )
        known = await KeyStore(self._database).establish(old_id)
        if known["key_id"] != self._new_id:
            raise SetupError(
                f"this database is sealed with the key {known['key_id']}, which is neither the "
                f"present one ({old_id}) nor the new one ({self._new_id}); finish the change "
                "that is under way first."
            )

    async def reseal(self) -> int:
        """Seal everything with the new key; return how many documents were changed."""
        changed = 0
        for collection, wrong in self._wrong().items():
            updates = []
            async for document in self._database.raw[collection].find(wrong):
                updates.append(self._resealed(collection, document))
                if len(updates) == _STEP:
                    changed += await _write(self._database.raw[collection], updates)
                    updates = []
            changed += await _write(self._database.raw[collection], updates)
        return changed

    async def finish(self) -> None:
        """Forget the old key; raise SetupError while something is sealed with it."""
        for collection, wrong in self._wrong().items():
            if await self._database.raw[collection].find_one(wrong, {"_id": 1}):
                raise SetupError(
                    f"{collection} are still sealed with another key; run the change again first."
                )
        await self._database.raw["installation"].update_one(
            {"_id": KEY_DOCUMENT, "key_id": self._new_id}, {"$set": {"wraps": []}}
        )

    def _wrong(self) -> dict[str, Document]:
        """Return, by collection, which documents are sealed with another key."""
        other = {"$exists": True, "$ne": self._new_id}
        header = {"action.sealed": {"$elemMatch": {"key_id": other}}}
        signing = [
            {"secret.key_id": other},
            {"previous": {"$elemMatch": {"secret.key_id": other}}},
        ]
        return {
            "jobs": header,
            "deleted_jobs": header,
            "job_versions": header,
            "runs": header,
            "secrets": {"value.key_id": other},
            "signing_secrets": {"$or": signing},
        }

    def _resealed(self, collection: str, found: Mapping[str, Any]) -> UpdateOne:
        """Return the update that seals a document anew, unless it changes in between."""
        changes = self._changes(collection, found)
        guard = {field: before for field, (before, _) in changes.items()}
        fields = {field: after for field, (_, after) in changes.items()}
        return UpdateOne({"_id": found["_id"], **guard}, {"$set": fields})

    def _changes(
        self, collection: str, found: Mapping[str, Any]
    ) -> dict[str, tuple[object, object]]:
        """Return, by field, what is sealed now and what is to be instead."""
        if collection in {"jobs", "deleted_jobs", "job_versions", "runs"}:
            job_id = found.get("job_id", found["_id"])
            headers = found["action"]["sealed"]
            anew = [self._anew(one, place_of_header(job_id, one["header"])) for one in headers]
            return {"action.sealed": (headers, anew)}
        if collection == "secrets":
            place = place_of_secret(found["user_id"], found["name"])
            return {"value": (found["value"], self._anew(found["value"], place))}
        place, previous = place_of_signing(found["_id"]), found["previous"]
        old = [{**one, "secret": self._anew(one["secret"], place)} for one in previous]
        return {
            "secret": (found["secret"], self._anew(found["secret"], place)),
            "previous": (previous, old),
        }

    def _anew(self, document: Mapping[str, Any], place: str) -> Document:
        sealed = sealed_from(document)
        text = self._ring.unseal(sealed, place=place)
        anew = self._ring.seal(text, place=place, key_id=self._new_id)
        return {**document, **sealed_document(anew)}

    def _wrap(self, key_id: str, *, by: str) -> Document:
        return {"key_id": key_id, "wrapped": sealed_document(self._ring.wrap(key_id, by=by))}


async def _write(collection: Collection, updates: list[UpdateOne]) -> int:
    if not updates:
        return 0
    return (await collection.bulk_write(updates, ordered=False)).modified_count
