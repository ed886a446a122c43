"""Accounts and sessions. Of a session's token only the SHA-256 is ever stored."""

from dataclasses import dataclass
from datetime import datetime

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from cronpp_app.store.database import Database, new_id
from cronpp_app.store.documents import SCHEMA, Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account as stored; `session_epoch` grows when all older sessions are to end."""

    id: str
    email: str
    role: str
    timezone: str
    password_hash: str
    session_epoch: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A sign-in; `id` is the SHA-256 of its token, in hexadecimal.

    `seen_at` is when it was last used, to some minutes.
    """

    id: str
    user_id: str
    epoch: int
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


class EmailTaken(Exception):
    """Another account has this e-mail address."""


class FounderExists(Exception):
    """The first account has been made already."""


class AccountStore:
    """The collections `users` and `sessions`."""

    def __init__(self, database: Database) -> None:
        self._users = database.users
        self._sessions = database.sessions

    async def has_founder(self) -> bool:
        """Return whether the first account exists."""
        return await self._users.find_one({"founder": True}, {"_id": 1}) is not None

    async def add(
        self, *, email: str, password_hash: str, role: str, founder: bool, now: datetime
    ) -> Account:
        """Store a new account and return it.

        A unique index lets one account only be the founder, however many sign up at once.
        Raises EmailTaken or FounderExists.
        """
        document: Document = {
            "_id": new_id(),
            "schema": SCHEMA,
            "email": email,
            "role": role,
            "timezone": "UTC",
            "password_hash": password_hash,
            "session_epoch": 0,
            "created_at": now,
        }
        try:
            await self._users.insert_one(document | ({"founder": True} if founder else {}))
        except DuplicateKeyError as error:
            by_email = "email" in (error.details or {}).get("keyPattern", {})
            raise (EmailTaken if by_email else FounderExists) from error
        return _account_from(document)

    async def by_email(self, email: str) -> Account | None:
        """Return the account of a normalised e-mail address, or None."""
        document = await self._users.find_one({"email": email})
        return _account_from(dict(document)) if document else None

    async def by_id(self, user_id: str) -> Account | None:
        """Return an account, or None."""
        document = await self._users.find_one({"_id": user_id})
        return _account_from(dict(document)) if document else None

    async def set_password(self, user_id: str, *, old_hash: str, new_hash: str) -> Account | None:
        """Replace a password and end the epoch of all sessions in the same write.

        Returns None when the password was changed by somebody else in between.
        """
        document = await self._users.find_one_and_update(
            {"_id": user_id, "password_hash": old_hash},
            {"$set": {"password_hash": new_hash}, "$inc": {"session_epoch": 1}},
            return_document=ReturnDocument.AFTER,
        )
        return _account_from(dict(document)) if document else None

    async def refresh_hash(self, user_id: str, *, old_hash: str, new_hash: str) -> None:
        """Store the same password hashed with present parameters; sessions go on."""
        await self._users.update_one(
            {"_id": user_id, "password_hash": old_hash}, {"$set": {"password_hash": new_hash}}
        )

    async def set_timezone(self, user_id: str, timezone: str) -> Account | None:
        """Store the zone a person reads times in; return the account, None if it is gone."""
        document = await self._users.find_one_and_update(
            {"_id": user_id},
            {"$set": {"timezone": timezone}},
            return_document=ReturnDocument.AFTER,
        )
        return _account_from(dict(document)) if document else None

    async def end_epoch(self, user_id: str) -> None:
        """Make every session of the account invalid in one write."""
        await self._users.update_one({"_id": user_id}, {"$inc": {"session_epoch": 1}})

    async def add_session(self, session: Session) -> None:
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
            }
        )

    async def session(self, session_id: str, *, now: datetime) -> Session | None:
        """Return a session that has not expired, or None; the TTL index is up to a minute late."""
        document = await self._sessions.find_one({"_id": session_id, "expires_at": {"$gt": now}})
        if document is None:
            return None
        return Session(
            id=document["_id"],
            user_id=document["user_id"],
            epoch=document["epoch"],
            created_at=document["created_at"],
            # Sessions begun before uses were noted are taken as used when they began.
            seen_at=document.get("seen_at", document["created_at"]),
            expires_at=document["expires_at"],
        )

    async def note_use(self, session_id: str, *, now: datetime) -> None:
        """Note that a session is in use."""
        await self._sessions.update_one({"_id": session_id}, {"$set": {"seen_at": now}})

    async def keep_session(self, session_id: str, *, epoch: int) -> None:
        """Carry one session over into a new epoch."""
        await self._sessions.update_one({"_id": session_id}, {"$set": {"epoch": epoch}})

    async def end_session(self, session_id: str) -> None:
        """Delete a session; one that is gone already is as good."""
        await self._sessions.delete_one({"_id": session_id})

    async def end_sessions(self, user_id: str, *, but: str | None = None) -> None:
        """Delete the sessions of an account, all of them or all but one."""
        kept = {"_id": {"$ne": but}} if but else {}
        await self._sessions.delete_many({"user_id": user_id, **kept})


def _account_from(document: Document) -> Account:
    return Account(
        id=document["_id"],
        email=document["email"],
        role=document["role"],
        timezone=document["timezone"],
        password_hash=document["password_hash"],
        session_epoch=document["session_epoch"],
        created_at=document["created_at"],
    )
