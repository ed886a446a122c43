# ruff: noqa: E501 - what is replaced stands as it does in the sources
"""Plant bugs, one at a time, and see whether the stories find them: `python -m bench.mutants`.

Each mutant is a small change of a copy of the sources, on which the state machine
(tests/engine/test_state_machine.py) is run until it fails or its stories are over.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_ROOT = Path(__file__).parent.parent
_COPIED = ("cronpp_app", "tests", "pyproject.toml")
_TOLD = re.compile(r"I\d+: [^'\"]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A bug: in `file`, `old` becomes `new`."""

    name: str
    file: str
    old: str
    new: str


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
        old="        await self._runs.add([run for job, plan in plans for run in _runs_of(job, plan, now)])\n",
        new="        await self._jobs.advance([_advance(job, plan) for job, plan in plans])\n"
        "        await self._runs.add([run for job, plan in plans for run in _runs_of(job, plan, now)])\n",
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
    ),
    Mutant(
        name="a finished run keeps its job's seat",
        file="store/runs.py",
        old='_UNFINISHED_FIELDS = ("wake_at", "due_at", "seat", ',
        new='_UNFINISHED_FIELDS = ("wake_at", "due_at", ',
    ),
    Mutant(
        name="cancelling does not fence the log",
        file="store/cancels.py",
        old='            "claim_id": CANCELLING,\n            "status": AttemptStatus.CANCELLED.value,\n',
        new="",
    ),
    Mutant(
        name="an edit does not recompute next_run_time",
        file="store/jobs.py",
        old="        if definition.schedule != job.definition.schedule:\n            fields",
        new="        if job.damaged_parts:\n            fields",
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
    ),
    Mutant(
        name="a pause does not stop what waits",
        file="domain/runs.py",
        old="    if job.enabled:\n        return None\n",
        new="    if job is not None:\n        return None\n",
    ),
    Mutant(
        name="overlap is not decided",
        file="engine/start.py",
        old="alone = [claim for claim in wanted if claim.run.id not in blocked]",
        new="alone, blocked = wanted, set()",
    ),
    Mutant(
        name="a change does not account for fire times not noticed yet",
        file="services/open_fires.py",
        old="        await self._runs.add(rows)",
        new="        await self._runs.add(rows[:0])",
    ),
    Mutant(
        name="fire times ahead start ahead",
        file="engine/start.py",
        old="self._waiting[0][0] <= now and",
        new="True and",
    ),
)


def verdict_on(mutant: Mutant, *, stories: int, seconds: float) -> str:
    """Return what found `mutant`, or that nothing did."""
    with tempfile.TemporaryDirectory(prefix="cronpp-mutant-") as folder:
        for name in _COPIED:
            source, copy = _ROOT / name, Path(folder) / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, copy)
        file = Path(folder) / "cronpp_app" / mutant.file
        text = file.read_text()
        if mutant.old not in text:
            return "cannot be planted: the source has changed"
        file.write_text(text.replace(mutant.old, mutant.new, 1))
        began = time.monotonic()
        command = [sys.executable, "-m", "pytest", "-q", "-x", "--show-capture=no"]
        try:
            ended = subprocess.run(
                [*command, "tests/engine/test_state_machine.py"],
                cwd=folder,
                env=os.environ | {"CRONPP_STORIES": str(stories), "PYTHONPATH": folder},
                capture_output=True,
                text=True,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return "SURVIVED until the time was over"
        if ended.returncode == 0:
            return "SURVIVED"
        found = _TOLD.search(ended.stdout)
        told = found.group(0)[:70] if found else ended.stdout.strip().splitlines()[-1][:70]
        return f"found after {time.monotonic() - began:.0f} s: {told}"


def main() -> int:
    """Print a verdict on every mutant; return how many survived."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stories", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=240)
    parser.add_argument("--only", default="", help="a word in the names of those to try")
    arguments = parser.parse_args()
    survivors = 0
    for mutant in MUTANTS:
        if arguments.only in mutant.name:
            verdict = verdict_on(mutant, stories=arguments.stories, seconds=arguments.seconds)
            survivors += not verdict.startswith("found")
            print(f"{mutant.name}: {verdict}", flush=True)
    return survivors


if __name__ == "__main__":
    sys.exit(main())
