"""The jobs that fire next, counting down."""

from collections.abc import Sequence
from dataclasses import dataclass

from components.badges import method_mark
from components.markup import box, link, text, ticking


@dataclass(frozen=True, slots=True, kw_only=True)
class Upcoming:
    """A job and when it fires next (ms since 1970)."""

    job_id: str
    name: str
    method: str
    at_ms: int | None


class UpNext:
    """Shows what comes next, and what comes next later."""

    def __init__(self, jobs: Sequence[Upcoming]) -> None:
        with box("cx-card", tag="section"):
            text("Up next", "cx-h2 cx-next-head", tag="h2")
            self._list = box("cx-next", tag="ul")
        self._shown: Sequence[Upcoming] | None = None
        self.show(jobs)

    def show(self, jobs: Sequence[Upcoming]) -> None:
        """Show other jobs; nothing is sent if they are the same."""
        if jobs == self._shown:
            return
        self._shown = jobs
        self._list.clear()
        with self._list:
            for job in jobs:
                _entry(job)
            if not jobs:
                text("Nothing is waiting.", "cx-next-none", tag="li")


def _entry(job: Upcoming) -> None:
    with box(tag="li"), link("", f"/jobs/{job.job_id}/runs", "cx-next-job"):
        method_mark(job.method)
        text(job.name, "cx-clip")
        ticking("until", job.at_ms).classes("cx-muted cx-small")
