"""Accounts of people."""

from dataclasses import dataclass
from datetime import datetime

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from cronpp_app.store.database import Database, new_id
from cronpp_app.store.documents import SCHEMA, Document
from cronpp_app.store.sessions import SessionStore


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
    is_disabled: bool = False


class EmailTaken(Exception):
    """Another account has this e-mail address."""


class FounderExists(Exception):
    """The first account has been made already."""


class AccountStore:
    """The collection `users`, and beside it that of their sessions."""

    def __init__(self, database: Database) -> None:
        self._users = database.users
        self.sessions = SessionStore(database)

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
            "signed_in_at": now,
        }
        try:
            await self._users.insert_one(document | ({"founder": True} if founder else {}))
        except DuplicateKeyError as error:
            by_email = "email" in (error.details or {}).get("keyPattern", {})
            raise (EmailTaken if by_email else FounderExists) from error
        return account_from(document)

    async def by_email(self, email: str) -> Account | None:
        """Return the account of a normalised e-mail address, or None."""
        document = await self._users.find_one({"email": email})
        return account_from(dict(document)) if document else None

    async def by_id(self, user_id: str) -> Account | None:
        """Return an account, or None."""
        document = await self._users.find_one({"_id": user_id})
        return account_from(dict(document)) if document else None

    async def set_password(self, user_id: str, *, old_hash: str, new_hash: str) -> Account | None:
        """Replace a password and end the epoch of all sessions in the same write.

        Returns None when the password was changed by somebody else in between.
        """
        document = await self._users.find_one_and_update(
            {"_id": user_id, "password_hash": old_hash},
            {"$set": {"password_hash": new_hash}, "$inc": {"session_epoch": 1}},
            return_document=ReturnDocument.AFTER,
        )
        return account_from(dict(document)) if document else None

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
        return account_from(dict(document)) if document else None

    async def note_sign_in(self, user_id: str, *, now: datetime) -> bool:
        """Note when somebody signed in; return False if the account is disabled, or gone."""
        usable = {"_id": user_id, "disabled_at": {"$exists": False}}
        noted = await self._users.update_one(usable, {"$set": {"signed_in_at": now}})
        return noted.matched_count == 1

    async def end_epoch(self, user_id: str) -> None:
        """Make every session of the account invalid in one write."""
        await self._users.update_one({"_id": user_id}, {"$inc": {"session_epoch": 1}})


def account_from(document: Document) -> Account:
    """Return the account that a document holds."""
    return Account(
        id=document["_id"],
        email=document["email"],
        role=document["role"],
        timezone=document["timezone"],
        password_hash=document["password_hash"],
        session_epoch=document["session_epoch"],
        created_at=document["created_at"],
        is_disabled="disabled_at" in document,
    )
