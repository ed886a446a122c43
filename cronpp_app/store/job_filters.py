"""Which jobs a list is about, and in what order."""

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from pymongo.asynchronous.collection import AsyncCollection

from cronpp_app.domain.jobs import JobStatus
from cronpp_app.store.documents import Document


class JobSort(StrEnum):
    """What a list of jobs can be sorted by."""

    NAME = "name"
    NEXT_RUN_TIME = "next_run_time"
    LAST_RUN = "last_run"
    CREATED_AT = "created_at"


# Words of so many jobs are not told apart.
_COMMON = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Which jobs of `user_id`; `words` are beginnings of words that a job must all have."""

    user_id: str
    status: JobStatus | None = None
    tag: str | None = None
    words: tuple[str, ...] = ()
    failing: bool = False

    def query(self) -> Document:
        """Return the MongoDB query; people's words are matched as they are, never as patterns."""
        query: Document = {"user_id": self.user_id}
        if self.status is not None:
            query["status"] = self.status.value
        if self.tag is not None:
            query["tags"] = self.tag
        if self.words:
            query["$and"] = [_beginning(word) for word in self.words]
        if self.failing:
            query |= {"enabled": True, "consecutive_failures": {"$gt": 0}}
        return query


def _beginning(word: str) -> Document:
    return {"words": {"$regex": f"^{re.escape(word)}"}}


async def rarest_first(jobs: AsyncCollection[Any], which: JobFilter) -> JobFilter:
    """Return the filter with the word first that fewest jobs have.

    MongoDB looks the first one up and reads every job it finds there: with a common word first,
    100,000 jobs take it half a second.
    """
    if len(which.words) < 2:
        return which
    user = {"user_id": which.user_id}
    counts = [
        await jobs.count_documents(user | _beginning(word), limit=_COMMON, hint="search")
        for word in which.words
    ]
    rarest = which.words[counts.index(min(counts))]
    return replace(which, words=tuple(dict.fromkeys((rarest, *which.words))))
