"""Which of their jobs people ask for, and in which order."""

from dataclasses import dataclass
from typing import Final

from cronpp_app.domain.jobs import JobStatus
from cronpp_app.errors import FieldError, InvalidInput
from cronpp_app.services.accounts import User
from cronpp_app.services.texts import text_problem
from cronpp_app.store.job_filters import JobFilter, JobSort

LONGEST_SEARCH: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class JobQuery:
    """Which jobs, in which order (`-` before the name: descending), and how many of them."""

    status: JobStatus | None = None
    tag: str | None = None
    q: str = ""
    sort: str = "next_run_time"
    limit: int = 50
    cursor: str | None = None
    failing: bool = False


def filter_of(user: User, query: JobQuery) -> JobFilter:
    """Return which jobs of `user` a query is about; raise InvalidInput for an unfit search."""
    return JobFilter(
        user_id=user.id,
        status=query.status,
        tag=query.tag,
        words=_words(query.q),
        failing=query.failing,
    )


def sort_of(text: str) -> tuple[JobSort, bool]:
    """Return what to sort by, and whether descending; raise InvalidInput for anything else."""
    try:
        return JobSort(text.removeprefix("-")), text.startswith("-")
    except ValueError as error:
        names = ", ".join(JobSort)
        message = f"Must be one of {names}, with - before it for descending."
        raise InvalidInput(FieldError("sort", message)) from error


def _words(text: str) -> tuple[str, ...]:
    """Return the beginnings of words that a search asks for, split as the stored words are."""
    if len(text) > LONGEST_SEARCH or text_problem(text):
        message = f"Must be at most {LONGEST_SEARCH} characters without control characters."
        raise InvalidInput(FieldError("q", message))
    words: list[str] = []
    for token in text.casefold().split():
        parts = "".join(char if char.isalnum() else " " for char in token).split()
        words += parts or [token]
    return tuple(dict.fromkeys(words))
