"""The audit log: entries are added and read, never changed; they go when their time is over."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cronpp_app.domain.audit import AuditAction, AuditEntry, AuditTarget, FieldChange, Via
from cronpp_app.store.database import Database
from cronpp_app.store.documents import SCHEMA, Document
from cronpp_app.store.jobs import Position, behind


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which entries: those that concern a person or were made by them, of one action."""

    user_id: str | None = None
    action: AuditAction | None = None

    def query(self) -> Document:
        """Return the MongoDB query."""
        query: Document = {}
        if self.user_id is not None:
            query["people"] = self.user_id
        if self.action is not None:
            query["action"] = self.action.value
        return query


class AuditStore:
    """The collection `audit_log`; `lasting` is how long an entry is kept."""

    def __init__(self, database: Database, *, lasting: timedelta) -> None:
        self._entries = database.raw["audit_log"]
        self._lasting = lasting

    async def add(self, entry: AuditEntry) -> None:
        """Store an entry."""
        await self._entries.insert_one(_document(entry, lasting=self._lasting))

    async def page(
        self, which: AuditFilter, *, limit: int, after: Position | None = None
    ) -> tuple[list[AuditEntry], Position | None]:
        """Return at most `limit` entries behind `after`, the newest first, and where to go on."""
        query = behind(which.query(), "at", after, descending=True)
        cursor = self._entries.find(query).sort({"at": -1, "_id": -1})
        documents = await cursor.limit(limit + 1).to_list()
        found = [_entry_from(document) for document in documents[:limit]]
        more = len(documents) > limit
        return found, (found[-1].at, found[-1].id) if more else None

    async def count(self, which: AuditFilter, *, limit: int) -> int:
        """Return how many entries there are; counting stops at `limit`."""
        return await self._entries.count_documents(which.query(), limit=limit)

    async def forget(self, user_id: str) -> None:
        """Remove what concerns a person, together with the account.

        What they did to others stays, without a word on who it was.
        """
        await self._entries.delete_many({"people": user_id, "user_id": user_id})
        fields = {"actor_id": None, "actor": "", "address": None}
        await self._entries.update_many(
            {"people": user_id}, {"$set": fields, "$pull": {"people": user_id}}
        )


def _document(entry: AuditEntry, *, lasting: timedelta) -> Document:
    target = entry.target
    return {
        "_id": entry.id,
        "schema": SCHEMA,
        "at": entry.at,
        "expire_at": entry.at + lasting,
        "action": entry.action.value,
        "user_id": entry.user_id,
        "actor_id": entry.actor_id,
        "actor": entry.actor,
        # Whom it concerns and who did it, each once: one index finds both.
        "people": sorted({one for one in (entry.user_id, entry.actor_id) if one is not None}),
        "via": entry.via.value,
        "token": entry.token,
        "address": entry.address,
        "target": {"kind": target.kind, "id": target.id, "name": target.name} if target else None,
        "changes": [
            {"field": one.field, "before": one.before, "after": one.after} for one in entry.changes
        ],
        "count": entry.count,
    }


def _entry_from(document: Mapping[str, Any]) -> AuditEntry:
    target = document["target"]
    return AuditEntry(
        id=document["_id"],
        at=document["at"],
        action=AuditAction(document["action"]),
        user_id=document["user_id"],
        actor_id=document["actor_id"],
        actor=document["actor"],
        via=Via(document["via"]),
        token=document["token"],
        address=document["address"],
        target=AuditTarget(**target) if target else None,
        changes=tuple(FieldChange(**change) for change in document["changes"]),
        count=document["count"],
    )
