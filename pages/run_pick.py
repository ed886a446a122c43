"""What the log of a job shows: how many of its runs, and which of them in full."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from cronpp_app.domain.runs import Run
from cronpp_app.services.runs import RunQuery

_PER_PAGE = 30
_MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPick:
    """The newest `limit` runs of a job, and the one that is picked.

    Somebody who picked a run keeps it; else the newest is picked as it comes.
    """

    job_id: str
    run_id: str | None = None
    follows_newest: bool = True
    limit: int = _PER_PAGE

    @property
    def query(self) -> RunQuery:
        """Return the question to ask for the runs."""
        return RunQuery(job_id=self.job_id, limit=self.limit)

    @property
    def may_grow(self) -> bool:
        """Return whether older runs may be shown as well."""
        return self.limit < _MOST

    def address(self) -> str:
        """Return the path that leads here."""
        runs = f"/jobs/{self.job_id}/runs"
        return f"{runs}/{self.run_id}" if self.run_id else runs

    def on(self, run_id: str, *, follows_newest: bool = False) -> Self:
        """Return this at another run: one that is kept, unless it `follows_newest`."""
        return replace(self, run_id=run_id, follows_newest=follows_newest)

    def among(self, runs: Sequence[Run]) -> Self:
        """Return this with the first of `runs`, unless somebody picked another."""
        return replace(self, run_id=runs[0].id) if self.follows_newest and runs else self

    def grown(self) -> Self:
        """Return this with a page of older runs more."""
        return replace(self, limit=min(self.limit + _PER_PAGE, _MOST))
