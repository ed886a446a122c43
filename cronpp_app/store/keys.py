"""The installation's key beside its database: checked at start, followed while it changes."""

from collections.abc import Mapping
from typing import Any

from cronpp_app.clock import monotonic
from cronpp_app.domain.secrets import Sealed
from cronpp_app.errors import SetupError
from cronpp_app.sealing import KeyRing, UnknownKey
from cronpp_app.store.action_documents import sealed_from
from cronpp_app.store.database import Database
from cronpp_app.store.documents import SCHEMA

KEY_DOCUMENT = "sealing"
# How long a process may go on sealing with a key that was changed; the change waits longer.
FOLLOW_SECONDS = 5.0


class KeyStore:
    """Which key this database's secrets are sealed with: its id, never the key."""

    def __init__(self, database: Database) -> None:
        self._installation = database.raw["installation"]

    async def read(self) -> Mapping[str, Any] | None:
        """Return what is known of the key, or None on a database that no process has used."""
        return await self._installation.find_one({"_id": KEY_DOCUMENT})

    async def establish(self, key_id: str) -> Mapping[str, Any]:
        """Return what is known of the key; `key_id` becomes it if nothing is."""
        fields = {"schema": SCHEMA, "key_id": key_id, "wraps": []}
        await self._installation.update_one(
            {"_id": KEY_DOCUMENT}, {"$setOnInsert": fields}, upsert=True
        )
        known = await self.read()
        assert known is not None  # noqa: S101 - made just now, and never deleted
        return known


class Keys:
    """Seals and unseals; learns of another key when one has taken over."""

    def __init__(self, store: KeyStore, ring: KeyRing) -> None:
        self._store = store
        self._ring = ring
        self._followed_at: float | None = None

    async def check(self) -> None:
        """Raise SetupError unless our key is the one this database's secrets are sealed with."""
        self._learn(await self._store.establish(self._ring.own_id))
        if not self._ring.knows(self._ring.current_id):
            raise SetupError(
                "CRONPP_SECRET_KEY is not the key this database was set up with (id "
                f"{self._ring.current_id}, ours is {self._ring.own_id}). Set it to the same "
                "value in every process, on every machine; a generated one is in the file "
                "secret.key of the data folder of the process that was started first."
            )

    async def seal(self, text: str, *, place: str) -> Sealed:
        """Return `text` sealed for `place`, like "secrets/<user>/<name>"."""
        if self._followed_at is None or monotonic() - self._followed_at > FOLLOW_SECONDS:
            await self._follow()
        return self._ring.seal(text, place=place)

    async def unseal(self, sealed: Sealed, *, place: str) -> str:
        """Return the text that was sealed for `place`; raise CannotUnseal."""
        try:
            return self._ring.unseal(sealed, place=place)
        except UnknownKey:
            await self._follow()
        return self._ring.unseal(sealed, place=place)

    async def _follow(self) -> None:
        self._learn(await self._store.establish(self._ring.own_id))

    def _learn(self, known: Mapping[str, Any]) -> None:
        """Take in the keys that are wrapped by one we have, and seal with the current one."""
        self._followed_at = monotonic()
        for wrap in known["wraps"]:
            wrapped = sealed_from(wrap["wrapped"])
            if self._ring.knows(wrapped.key_id) and not self._ring.knows(wrap["key_id"]):
                self._ring.unwrap(wrap["key_id"], wrapped)
        self._ring.current_id = known["key_id"]
