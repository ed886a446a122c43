"""Answers to requests that carry an idempotency key, kept so that a repetition gets the same."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from pymongo.errors import DuplicateKeyError

from cronpp_app.store.action_documents import sealed_document, sealed_from
from cronpp_app.store.database import Database, new_id
from cronpp_app.store.documents import LONG_AGO, Document
from cronpp_app.store.keys import Keys

KEPT = timedelta(days=1)
# A request that has not answered for this long has died with its process.
_GIVEN_UP_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was answered: the HTTP status, the body as JSON text, and some headers."""

    status: int
    body: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Leave to do a request, which came first at the moment `at`.

    What it creates is to have the id `creates`. One that takes over from a request that died
    half-way is given the same id and moment, and so finds what that one had created already.
    Ids of many things begin with the eight digits that grow with time (`new_id`).
    """

    creates: str
    at: datetime
    takes_over: bool = False

    def id_for(self, source: str) -> str:
        """Return the id of what is made of `source`, if the request makes many things."""
        return self.creates[:8] + _digits(f"{self.creates}/{source}", 16)

    def id_at(self, place: int) -> str:
        """Return the id of what stands at `place` among many things; they keep their order."""
        return f"{self.creates[:8]}{_digits(self.creates, 10)}{place:06x}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstRequest:
    """The request that used a key first; `answer` is None while it is being worked on."""

    fingerprint: str
    answer: Answer | None


class IdempotencyStore:
    """The collection `idempotency_keys`; its documents expire by themselves."""

    def __init__(self, database: Database, keys: Keys) -> None:
        self._requests = database.raw["idempotency_keys"]
        self._keys = keys

    async def begin(
        self, user_id: str, key: str, *, fingerprint: str, now: datetime
    ) -> Turn | FirstRequest:
        """Take `key` for this person, or return the request that took it first."""
        turn = Turn(creates=new_id(), at=now)
        document = {
            "_id": key,
            "user_id": user_id,
            "fingerprint": fingerprint,
            "creates": turn.creates,
            "first_at": now,
            "started_at": now,
            "expires_at": now + KEPT,
        }
        try:
            await self._requests.insert_one(document)
        except DuplicateKeyError:
            return await self._first(user_id, key, fingerprint, now)
        return turn

    async def finish(self, key: str, answer: Answer) -> None:
        """Keep the answer for those who ask again, sealed: it may show a secret just made."""
        body = await self._keys.seal(answer.body, place=_place(key))
        fields = {
            "status": answer.status,
            "body": sealed_document(body),
            "headers": answer.headers,
        }
        await self._requests.update_one({"_id": key}, {"$set": {"answer": fields}})

    async def forget(self, key: str) -> None:
        """Give `key` free again: nothing was created with it."""
        await self._requests.delete_one({"_id": key, "answer": {"$exists": False}})

    async def abandon(self, key: str) -> None:
        """Let the next request with `key` do it again: nobody knows how far this one came."""
        unanswered = {"_id": key, "answer": {"$exists": False}}
        await self._requests.update_one(unanswered, {"$set": {"started_at": LONG_AGO}})

    async def delete_all(self, user_id: str) -> None:
        """Delete the answers to a person's requests, together with the account."""
        await self._requests.delete_many({"user_id": user_id})

    async def _first(
        self, user_id: str, key: str, fingerprint: str, now: datetime
    ) -> Turn | FirstRequest:
        abandoned = {
            "_id": key,
            "fingerprint": fingerprint,
            "answer": {"$exists": False},
            "started_at": {"$lt": now - _GIVEN_UP_AFTER},
        }
        taken = await self._requests.find_one_and_update(abandoned, {"$set": {"started_at": now}})
        if taken is not None:
            creates, first_at = taken.get("creates"), taken.get("first_at")
            return Turn(creates=creates or new_id(), at=first_at or now, takes_over=True)
        found = await self._requests.find_one({"_id": key})
        if found is None:  # given free just now
            return await self.begin(user_id, key, fingerprint=fingerprint, now=now)
        same = found["fingerprint"] == fingerprint
        answer = await self._opened(key, found["answer"]) if same and "answer" in found else None
        return FirstRequest(fingerprint=found["fingerprint"], answer=answer)

    async def _opened(self, key: str, answer: Document) -> Answer:
        body = await self._keys.unseal(sealed_from(answer["body"]), place=_place(key))
        return Answer(status=answer["status"], body=body, headers=answer["headers"])


def _digits(text: str, count: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:count]


def _place(key: str) -> str:
    return f"idempotency_keys/{key}"
