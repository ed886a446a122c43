"""What a scenario left behind, in ledger, log and target's record, and what is wrong with it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cronpp_app.domain.jobs import Job
from cronpp_app.domain.runs import FINAL
from cronpp_app.domain.schedules import IntervalSchedule
from cronpp_app.selftest.target import Call
from cronpp_app.store.database import Database
from cronpp_app.store.integrity import violations

_FINAL = {status.value for status in FINAL}
_SECOND = timedelta(seconds=1)

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The runs and their attempts by run id, the calls, and what the ledger check says."""

    planned: frozenset[tuple[str, datetime]]
    runs: Mapping[str, Document]
    attempts: Mapping[str, Sequence[Document]]
    calls: Mapping[str, Sequence[Call]]
    ledger_check: Sequence[str]

    @property
    def lost(self) -> list[Document]:
        """Return the attempts whose worker never reported back in time."""
        return [one for one in self.all_attempts() if one["status"] == "LOST"]

    @property
    def rejected(self) -> list[Document]:
        """Return the attempts that hold a note of a result that came too late."""
        return [one for one in self.all_attempts() if "stale_note" in one]

    @property
    def gaps(self) -> list[Document]:
        """Return the rows for fire times that got no run."""
        return [run for run in self.runs.values() if run["status"] in {"SKIPPED", "MISSED"}]

    @property
    def sent_twice(self) -> list[str]:
        """Return the runs sent again after a crash, ordinary retries left aside."""
        return [
            run_id
            for run_id, calls in self.calls.items()
            if len(calls) > 1 and any(call.marked for call in calls)
        ]

    def all_attempts(self) -> Iterator[Document]:
        for attempts in self.attempts.values():
            yield from attempts

    def complaints(self) -> list[str]:
        """Return a sentence for everything that breaks a promise."""
        checks = (self._fire_times(), self._ends(), self._calls())
        return [*self.ledger_check, *(complaint for check in checks for complaint in check)]

    def silence_after(self, moment: datetime) -> float:
        """Return how long (seconds) the target was not called, from `moment` on at the longest.

        Only a silence that began within five seconds counts: later ones have other causes.
        """
        every = sorted(call.at for calls in self.calls.values() for call in calls)
        pairs = zip([moment, *every], every, strict=False)
        began_until = moment + 5 * _SECOND
        spans = [
            later - max(earlier, moment)
            for earlier, later in pairs
            if later > moment and earlier <= began_until
        ]
        return max(spans, default=timedelta(days=1)) / _SECOND

    def first_call_after(self, moment: datetime) -> float:
        """Return the seconds from `moment` to the next call."""
        every = (call.at for calls in self.calls.values() for call in calls)
        return (min(at for at in every if at > moment) - moment) / _SECOND

    def longest_wait(self) -> float:
        """Return the longest time (seconds) from a fire time to the first call for it."""
        waits = (
            min(call.at for call in calls) - self.runs[run_id]["fire_time"]
            for run_id, calls in self.calls.items()
        )
        return max(waits, default=timedelta(0)) / _SECOND

    def taken_over_after(self, moment: datetime) -> float:
        """Return the seconds from `moment` until the last lost attempt was noticed (0: none)."""
        return max(((one["finished_at"] - moment) / _SECOND for one in self.lost), default=0.0)

    def _fire_times(self) -> Iterator[str]:
        """I1, I4: each planned fire time stands in the ledger once, in a run or in a gap."""
        if not self.planned:
            return  # people made the jobs, and changed them; the ledger check has looked at them
        told = Counter(time for run in self.runs.values() for time in self._told_by(run))
        for job_id, at in sorted(self.planned - told.keys()):
            yield f"lost: fire time {at} of job {job_id} has neither run nor row"
        for (job_id, at), count in told.items():
            if count > 1:
                yield f"doubled: fire time {at} of job {job_id} stands in the ledger {count} times"
        for job_id, at in told.keys() - self.planned:
            yield f"invented: nobody planned fire time {at} of job {job_id}"

    def _told_by(self, run: Document) -> Iterator[tuple[str, datetime]]:
        at = run["fire_time"]
        while at <= run.get("last_fire_time", run["fire_time"]):
            yield run["job_id"], at
            at += _SECOND

    def _ends(self) -> Iterator[str]:
        for run_id, run in self.runs.items():
            if run["status"] not in _FINAL:
                yield f"run {run_id} never ended: {run['status']}"
            elif run["status"] != "SUCCESS" and not (run.get("reason") or run.get("error")):
                yield f"run {run_id} is {run['status']} without a reason"
            elif run["status"] == "SUCCESS" and run_id not in self.calls:
                yield f"run {run_id} succeeded, and the target was never called"

    def _calls(self) -> Iterator[str]:
        for run_id, calls in self.calls.items():
            run = self.runs.get(run_id)
            if run is None:
                yield f"the target was called for run {run_id}, which nobody knows"
                continue
            if {call.key for call in calls} != {run_id}:
                yield f"run {run_id} was sent with another key"
            if min(call.at for call in calls) < run["fire_time"]:
                yield f"run {run_id} was sent before its time"
            yield from self._repetitions(run_id, calls)

    def _repetitions(self, run_id: str, calls: Sequence[Call]) -> Iterator[str]:
        """I15: sent again only where an attempt had ended, and marked where nobody knew how."""
        if max(Counter(call.attempt for call in calls).values()) > 1:
            yield f"an attempt of run {run_id} was sent twice"
        statuses = {one["number"]: one["status"] for one in self.attempts.get(run_id, ())}
        for call in calls:
            before = [statuses.get(one.attempt) for one in calls if one.attempt < call.attempt]
            if "SUCCESS" in before:
                yield f"run {run_id} was sent again after a success"
            if "LOST" in before and not call.marked:
                yield f"run {run_id} was sent again after a lost attempt, unmarked"


async def gather_evidence(
    database: Database, planned: Iterable[tuple[str, datetime]], calls: Sequence[Call]
) -> Evidence:
    """Read everything that a scenario left behind; `planned` are fire times by job id."""
    attempts: dict[str, list[Document]] = defaultdict(list)
    async for attempt in database.logs.find():
        attempts[attempt["run_id"]].append(attempt)
    by_run: dict[str, list[Call]] = defaultdict(list)
    for call in calls:
        by_run[call.run_id].append(call)
    return Evidence(
        planned=frozenset(planned),
        runs={run["_id"]: run async for run in database.runs.find()},
        attempts=attempts,
        calls=by_run,
        ledger_check=[violation async for violation in violations(database)],
    )


def planned_by(job: Job) -> Iterator[tuple[str, datetime]]:
    """Yield the fire times of an every-second job, reckoned without its schedule's code."""
    schedule = job.definition.schedule
    assert isinstance(schedule, IntervalSchedule)
    assert schedule.end_at is not None
    at = schedule.start_at.astimezone(UTC)
    while at <= schedule.end_at:
        yield job.id, at
        at += _SECOND
