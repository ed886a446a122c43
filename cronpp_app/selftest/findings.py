"""What a selftest found, counted from the ledger and from the target's own record."""

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from cronpp_app.domain.runs import POISON
from cronpp_app.selftest.target import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A run of the ledger as it stands at the end; `lateness_ms` only if it ever began."""

    run_id: str
    job_id: str
    fire_time: datetime
    status: str
    attempts: int
    lateness_ms: int | None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """The numbers of a selftest.

    `lost` are planned run ids without a successful run or without a call; `given_up` those whose
    workers were killed three times in a row, which the ledger tells (poison); `doubled` fire times
    with more than one run; `twice_marked` and `twice_unmarked` keys that the target saw more
    than once, all repetitions told as possible duplicates, or not. `recoveries` are the
    seconds after each kill until the last run of the killed worker was finished.
    """

    planned: int
    fired: int
    lost: Sequence[str]
    given_up: Sequence[str]
    doubled: Sequence[str]
    twice_marked: Sequence[str]
    twice_unmarked: Sequence[str]
    violations: Sequence[str]
    lateness_ms: Sequence[int]
    undisturbed_ms: Sequence[int]
    recoveries: Sequence[float]
    kills: int
    calm: bool

    @property
    def passed(self) -> bool:
        """Return whether every promise was kept."""
        wrong = (self.lost, self.doubled, self.twice_unmarked, self.violations)
        return self.calm and not any(wrong) and self.fired == self.planned


def count(
    planned: Set[str],
    ledger: Sequence[Ended],
    calls: Sequence[Call],
    *,
    violations: Sequence[str],
    recoveries: Sequence[float],
    kills: int,
    calm: bool,
) -> Findings:
    """Return what `ledger` and `calls` say about the `planned` runs (by id)."""
    done = {run.run_id for run in ledger if run.status == "SUCCESS"}
    called = {call.run_id for call in calls}
    marked, unmarked = _repeated(calls)
    began = [run for run in ledger if run.lateness_ms is not None]
    given_up = {run.run_id for run in ledger if run.reason == POISON} & planned & called
    lost = planned - (done & called) - given_up
    return Findings(
        planned=len(planned),
        fired=len(ledger),
        lost=[_why_lost(run_id, ledger, called) for run_id in sorted(lost)],
        given_up=sorted(given_up),
        doubled=_doubled(ledger, calls),
        twice_marked=marked,
        twice_unmarked=unmarked,
        violations=violations,
        lateness_ms=sorted(run.lateness_ms or 0 for run in began),
        undisturbed_ms=sorted(run.lateness_ms or 0 for run in began if run.attempts == 1),
        recoveries=recoveries,
        kills=kills,
        calm=calm,
    )


def _why_lost(run_id: str, ledger: Sequence[Ended], called: Set[str]) -> str:
    """Return `run_id` with what ledger and target know of it."""
    told = next((run for run in ledger if run.run_id == run_id), None)
    ends = f"{told.status}, reason {told.reason or 'none'}" if told else "not in the ledger"
    return f"{run_id} ({ends}, {'called' if run_id in called else 'never called'})"


def _repeated(calls: Sequence[Call]) -> tuple[list[str], list[str]]:
    """Return the keys that came more than once: those rightly marked, and those not."""
    by_key: Mapping[str, list[Call]] = defaultdict(list)
    for call in calls:
        by_key[call.key].append(call)
    again = {key: same[1:] for key, same in by_key.items() if len(same) > 1}
    marked = [key for key, later in again.items() if all(call.marked for call in later)]
    return marked, sorted(again.keys() - set(marked))


def _doubled(ledger: Sequence[Ended], calls: Sequence[Call]) -> list[str]:
    """Return fire times with several runs, runs with several keys, and runs nobody knows."""
    runs: Mapping[str, set[str]] = defaultdict(set)
    for run in ledger:
        runs[f"{run.job_id} at {run.fire_time}"].add(run.run_id)
    keys: Mapping[str, set[str]] = defaultdict(set)
    for call in calls:
        keys[call.run_id].add(call.key)
    several = [what for what, same in (*runs.items(), *keys.items()) if len(same) > 1]
    return sorted(several) + sorted(keys.keys() - {run.run_id for run in ledger})
