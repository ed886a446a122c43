"""Earlier definitions of jobs, kept in the same transaction as the edit that replaces them."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from pymongo.asynchronous.client_session import AsyncClientSession

from cronpp_app.domain.audit import FieldChange, Via
from cronpp_app.domain.jobs import Job
from cronpp_app.domain.versions import Change, Origin, Replaced
from cronpp_app.store.damage import DAMAGE
from cronpp_app.store.database import Database
from cronpp_app.store.documents import Document, definition_fields
from cronpp_app.store.job_documents import definition_from

log = logging.getLogger(__name__)

# So many earlier versions are told; one more is kept, for what changed in the oldest of them.
MOST_EARLIER: Final = 50
# Longer than the copy of a deleted job is kept, which may be brought back with its versions.
_FORGOTTEN_AFTER: Final = timedelta(minutes=2)
# What serves only to find jobs, or is told of the job itself.
_NOT_KEPT: Final = ("name_sort", "words", "secret_names")


class VersionStore:
    """The collection `job_versions`, a document per job and version that was replaced."""

    def __init__(self, database: Database) -> None:
        self._versions = database.raw["job_versions"]

    async def page(
        self, user_id: str, job_id: str, *, below: int, since: int, limit: int
    ) -> list[Replaced]:
        """Return at most `limit` versions from `since` to before `below`, the newest first."""
        query = _range(user_id, job_id, below=below, since=since)
        found = self._versions.find(query).sort({"version": -1}).limit(limit)
        return list(_readable(await found.to_list()))

    async def count(self, user_id: str, job_id: str, *, below: int, since: int) -> int:
        """Return how many versions are kept from `since` to before `below`."""
        query = _range(user_id, job_id, below=below, since=since)
        return await self._versions.count_documents(query, limit=MOST_EARLIER + 1)

    async def keep(self, job: Job, change: Change, session: AsyncClientSession) -> None:
        """Keep the definition that `change` replaces, and let go of the oldest.

        Once per version, in the transaction of the change itself: the one without the other
        would tell of changes that never were, or miss some.
        """
        document = _document(job, change)
        mine = {"_id": document["_id"], "user_id": job.user_id}
        await self._versions.replace_one(mine, document, upsert=True, session=session)
        too_old = _range(job.user_id, job.id, below=job.version - MOST_EARLIER, since=0)
        await self._versions.delete_many(too_old, session=session)

    async def forget_soon(
        self,
        user_id: str,
        job_ids: Sequence[str],
        *,
        now: datetime,
        session: AsyncClientSession | None = None,
    ) -> None:
        """Let a TTL index delete the versions of jobs that are being deleted."""
        change = {"$set": {"forget_at": now + _FORGOTTEN_AFTER}}
        mine = {"user_id": user_id, "job_id": {"$in": list(job_ids)}}
        await self._versions.update_many(mine, change, session=session)

    async def keep_on(self, user_id: str, job_id: str, session: AsyncClientSession) -> None:
        """Take back that the versions of a job are forgotten soon."""
        mine = {"user_id": user_id, "job_id": job_id}
        await self._versions.update_many(mine, {"$unset": {"forget_at": ""}}, session=session)


def _range(user_id: str, job_id: str, *, below: int, since: int) -> Document:
    return {"user_id": user_id, "job_id": job_id, "version": {"$gte": since, "$lt": below}}


def _document(job: Job, change: Change) -> Document:
    kept = definition_fields(job.definition)
    return {
        "_id": f"{job.id}/{job.version:010d}",
        "user_id": job.user_id,
        "job_id": job.id,
        "version": job.version,
        **{name: value for name, value in kept.items() if name not in _NOT_KEPT},
        "change": {
            "at": change.at,
            "origin": change.origin.value,
            "via": change.via.value if change.via else None,
            "token": change.token,
            "restored_from": change.restored_from,
            "fields": [
                {"field": one.field, "before": one.before, "after": one.after}
                for one in change.fields
            ],
        },
    }


def _readable(documents: Iterable[Mapping[str, Any]]) -> Iterator[Replaced]:
    """Yield the versions of `documents`; a damaged one must not hide the others."""
    for document in documents:
        try:
            yield _replaced_from(document)
        except DAMAGE:
            log.exception("version cannot be read", extra={"job_id": document.get("job_id")})


def _replaced_from(document: Mapping[str, Any]) -> Replaced:
    change = document["change"]
    return Replaced(
        version=document["version"],
        definition=definition_from(document),
        change=Change(
            at=change["at"],
            origin=Origin(change["origin"]),
            via=Via(change["via"]) if change["via"] else None,
            token=change["token"],
            restored_from=change["restored_from"],
            fields=tuple(FieldChange(**one) for one in change["fields"]),
        ),
    )
