# ruff: noqa: E501 - what is replaced stands as it does in the sources
"""Plant bugs, one at a time, and see what finds them: `python -m bench.mutants`.

Each mutant is a small change of a copy of the sources. First the fast tests written for it are
run on that copy, then the state machine (tests/engine/test_state_machine.py) until it fails or
its stories are over; `--direct` and `--only-stories` leave one of the two out.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

_ROOT = Path(__file__).parent.parent
_COPIED = (
    *("cronpp_app", "pages", "components", "tests", "docs"),
    *("main.py", "worker.py", "pyproject.toml"),
)
_STORIES = "tests/engine/test_state_machine.py"
_TOLD = re.compile(r"I\d+: [^'\"]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A bug: in `file`, `old` becomes `new`; `tests` look right where it is."""

    name: str
    file: str
    old: str
    new: str
    tests: str = "tests/engine/test_fences.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What is run on a mutant: `target`, or the mutant's own tests, for so many stories."""

    target: str
    stories: int
    seconds: float


MUTANTS: Final = (
    Mutant(
        name="results are recorded without a fence",
        file="store/attempts.py",
        old='"status": AttemptStatus.RUNNING.value,\n                "$expr": same("claim_id", claims),',
        new='"status": {"$ne": "nothing"},',
    ),
    Mutant(
        name="runs are finished without a fence",
        file="store/fences.py",
        old='"$expr": same("claim_id", claims),',
        new="",
    ),
    Mutant(
        name="next_run_time advances before the runs are inserted",
        file="engine/fire.py",
        old="        await self._add([run for",
        new="        await self._jobs.advance([_advance(job, plan) for job, plan in plans])\n"
        "        await self._add([run for",
    ),
    Mutant(
        name="the attempt is not counted when it is claimed",
        file="store/runs.py",
        old='{"$add": ["$attempt_count", 1]}',
        new='{"$max": ["$attempt_count", 1]}',
    ),
    Mutant(
        name="a claim ignores leases",
        file="store/runs.py",
        old='            "$expr": {"$lte": ["$wake_at", {"$add": ["$$NOW", early]}]},\n',
        new='            "$expr": {"$lte": ["$wake_at", {"$add": ["$$NOW", 14000]}]},\n',
    ),
    Mutant(
        name="what runs is claimed as early as what waits",
        file="store/runs.py",
        old='{"$cond": [{"$eq": ["$status", _RUNNING]}, 0, milliseconds(ahead)]}',
        new='{"$cond": [{"$eq": ["$status", _RUNNING]}, milliseconds(ahead), milliseconds(ahead)]}',
    ),
    Mutant(
        name="the time of a retry is drawn anew when a verdict is adopted",
        file="store/attempts.py",
        old='retry_at=verdict.get("retry_at"),',
        new='retry_at=verdict.get("retry_at") and document["finished_at"],',
    ),
    Mutant(
        name="resuming catches up",
        file="services/jobs.py",
        old="            skipped, upcoming = resuming(job, now=now)\n            if upcoming",
        new="            skipped, upcoming = resuming(job, now=job.paused_at or now)\n            if upcoming",
        tests="tests/engine/test_open_fires.py",
    ),
    Mutant(
        name="a finished run keeps its job's seat",
        file="store/runs.py",
        old='_UNFINISHED_FIELDS = ("wake_at", "due_at", "seat", ',
        new='_UNFINISHED_FIELDS = ("wake_at", "due_at", ',
        tests="tests/engine/test_start.py",
    ),
    Mutant(
        name="cancelling does not fence the log",
        file="store/cancels.py",
        old='            "claim_id": CANCELLING,\n            "status": AttemptStatus.CANCELLED.value,\n',
        new="",
        tests="tests/engine/test_cancel.py",
    ),
    Mutant(
        name="an edit does not recompute next_run_time",
        file="store/edits.py",
        old="    if definition.schedule != job.definition.schedule:\n        fields",
        new="    if job.damaged_parts:\n        fields",
        tests="tests/api/test_jobs_api.py",
    ),
    Mutant(
        name="renewing does not extend the lease",
        file="store/runs.py",
        old='[{"$set": {"wake_at": now_plus(lease)}}])',
        new='[{"$set": {"wake_at": "$wake_at"}}])',
    ),
    Mutant(
        name="a lost attempt is not marked as a possible duplicate",
        file="domain/runs.py",
        old="possible_duplicate=run.possible_duplicate or (result.lost and result.maybe_sent),",
        new="possible_duplicate=run.possible_duplicate,",
        tests="tests/domain/test_policies.py",
    ),
    Mutant(
        name="a pause does not stop what waits",
        file="domain/runs.py",
        old="    if job.enabled:\n        return None\n",
        new="    if job is not None:\n        return None\n",
        tests="tests/domain/test_policies.py",
    ),
    Mutant(
        name="overlap is not decided",
        file="engine/start.py",
        old="alone = [claim for claim in wanted if claim.run.id not in blocked]",
        new="alone, blocked = wanted, set()",
        tests="tests/engine/test_start.py",
    ),
    Mutant(
        name="a change does not account for fire times not noticed yet",
        file="services/open_fires.py",
        old="        await self._runs.add(rows)",
        new="        await self._runs.add(rows[:0])",
        tests="tests/engine/test_open_fires.py",
    ),
    Mutant(
        name="two words on one run stand in one batch",
        file="engine/record.py",
        old="            batch.setdefault(closing.run.id, closing)\n",
        new="            batch[str(id(closing))] = closing\n",
    ),
    Mutant(
        name="the database's clock is not asked before a start",
        file="engine/start.py",
        old="due = self._keep_early(claims, standing)",
        new="due = claims",
    ),
    Mutant(
        name="a run that takes its workers down is tried for ever",
        file="domain/runs.py",
        old="if lost_count >= POISON_AFTER_LOST:",
        new="if lost_count < 0:",
        tests="tests/domain/test_policies.py",
    ),
    Mutant(
        name="a job whose runs take workers down goes on",
        file="store/due.py",
        old="if e.poisoned\n",
        new="if e.poisoned and not e.run\n",
        tests="tests/engine/test_reap.py",
    ),
    Mutant(
        name="fire times ahead start ahead",
        file="engine/start.py",
        old="self._waiting[0][0] <= now and",
        new="True and",
    ),
)


def verdict_on(mutant: Mutant, trials: Sequence[Trial]) -> str:
    """Return what found `mutant` in each of `trials`, or that nothing did."""
    with tempfile.TemporaryDirectory(prefix="cronpp-mutant-") as folder:
        for name in _COPIED:
            source, copy = _ROOT / name, Path(folder) / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, copy)
        file = Path(folder) / "cronpp_app" / mutant.file
        text = file.read_text()
        if text.count(mutant.old) != 1:
            return "cannot be planted: the source has changed"
        file.write_text(text.replace(mutant.old, mutant.new))
        return "; ".join(_found_by(trial, mutant, folder) for trial in trials)


def _found_by(trial: Trial, mutant: Mutant, folder: str) -> str:
    target, began = trial.target or mutant.tests, time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", "-x", "--show-capture=no", "-m", "", target]
    try:
        ended = subprocess.run(
            command,
            cwd=folder,
            env=os.environ
            | {"CRONPP_STORIES": str(trial.stories), "PYTHONPATH": folder}
            | {"GIT_DIR": str(_ROOT / ".git")},  # earlier versions, which some tests want
            capture_output=True,
            text=True,
            timeout=trial.seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"{target}: SURVIVED until the time was over"
    if ended.returncode == 0:
        return f"{target}: SURVIVED"
    if ended.returncode != pytest.ExitCode.TESTS_FAILED:
        return f"{target}: cannot be tried: {ended.stdout.strip().splitlines()[-1]}"
    found = _TOLD.search(ended.stdout)
    told = found.group(0) if found else _failed_test(ended.stdout)
    return f"{target}: found after {time.monotonic() - began:.0f} s: {told[:160]}"


def _failed_test(output: str) -> str:
    lines = [line for line in output.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return lines[0].partition("::")[2] if lines else output.strip().splitlines()[-1]


def main() -> int:
    """Print a verdict on every mutant; return how many survived everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stories", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=240)
    parser.add_argument("--only", default="", help="a word in the names of those to try")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--direct", action="store_true", help="only the fast tests of each")
    choice.add_argument("--only-stories", action="store_true", help="only the state machine")
    arguments = parser.parse_args()
    stories = Trial(target=_STORIES, stories=arguments.stories, seconds=arguments.seconds)
    direct = Trial(target="", stories=0, seconds=arguments.seconds)
    trials = [direct] if arguments.direct else [stories]
    if not arguments.direct and not arguments.only_stories:
        trials.insert(0, direct)
    survivors = 0
    for mutant in MUTANTS:
        if arguments.only in mutant.name:
            verdict = verdict_on(mutant, trials)
            survivors += "found" not in verdict
            print(f"{mutant.name}: {verdict}", flush=True)
    return survivors


if __name__ == "__main__":
    sys.exit(main())
