"""Sessions. Of a session's token only the SHA-256 is ever stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cronpp_app.store.database import Database
from cronpp_app.store.documents import SCHEMA, Document
from cronpp_app.store.jobs import Position, behind


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A sign-in; `id` is the SHA-256 of its token, in hexadecimal.

    `seen_at` is when it was last used, to some minutes; `address` and `agent` are those of the
    sign-in, in the words of the program that signed in.
    """

    id: str
    user_id: str
    epoch: int
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFilter:
    """The sessions of `user_id` that count: of this epoch, not expired, used since a moment."""

    user_id: str
    epoch: int
    alive_at: datetime
    seen_after: datetime

    def query(self) -> Document:
        """Return the MongoDB query."""
        return {
            "user_id": self.user_id,
            "epoch": self.epoch,
            "expires_at": {"$gt": self.alive_at},
            "seen_at": {"$gt": self.seen_after},
        }


class SessionStore:
    """The collection `sessions`."""

    def __init__(self, database: Database) -> None:
        self._sessions = database.sessions

    async def add(self, session: Session) -> None:
        """Store a sign-in."""
        await self._sessions.insert_one(
            {
                "_id": session.id,
                "schema": SCHEMA,
                "user_id": session.user_id,
                "epoch": session.epoch,
                "created_at": session.created_at,
                "seen_at": session.seen_at,
                "expires_at": session.expires_at,
                "address": session.address,
                "agent": session.agent,
            }
        )

    async def get(self, session_id: str, *, now: datetime) -> Session | None:
        """Return a session that has not expired, or None; the TTL index is up to a minute late."""
        document = await self._sessions.find_one({"_id": session_id, "expires_at": {"$gt": now}})
        return _session_from(document) if document else None

    async def page(
        self, which: SessionFilter, *, limit: int, after: Position | None = None
    ) -> tuple[list[Session], Position | None]:
        """Return at most `limit` sessions behind `after`, the newest first, and where to go on."""
        query = behind(which.query(), "created_at", after, descending=True)
        cursor = self._sessions.find(query).sort({"created_at": -1, "_id": -1})
        documents = await cursor.limit(limit + 1).to_list()
        found = [_session_from(document) for document in documents[:limit]]
        more = len(documents) > limit
        return found, (found[-1].created_at, found[-1].id) if more else None

    async def count(self, which: SessionFilter, *, limit: int) -> int:
        """Return how many sessions there are; counting stops at `limit`."""
        return await self._sessions.count_documents(which.query(), limit=limit)

    async def note_use(self, session_id: str, *, now: datetime) -> None:
        """Note that a session is in use."""
        await self._sessions.update_one({"_id": session_id}, {"$set": {"seen_at": now}})

    async def keep(self, session_id: str, *, epoch: int) -> None:
        """Carry one session over into a new epoch."""
        await self._sessions.update_one({"_id": session_id}, {"$set": {"epoch": epoch}})

    async def end(self, user_id: str, session_id: str) -> bool:
        """Delete a session of an account; return whether it was there."""
        result = await self._sessions.delete_one({"_id": session_id, "user_id": user_id})
        return result.deleted_count == 1

    async def end_all(self, user_id: str, *, but: str | None = None) -> None:
        """Delete the sessions of an account, all of them or all but one."""
        kept = {"_id": {"$ne": but}} if but else {}
        await self._sessions.delete_many({"user_id": user_id, **kept})


def _session_from(document: Mapping[str, Any]) -> Session:
    return Session(
        id=document["_id"],
        user_id=document["user_id"],
        epoch=document["epoch"],
        created_at=document["created_at"],
        # Sessions begun before uses were noted are taken as used when they began.
        seen_at=document.get("seen_at", document["created_at"]),
        expires_at=document["expires_at"],
        address=document.get("address", "unknown"),
        agent=document.get("agent", ""),
    )
