# ruff: noqa: E501 - what is replaced stands as it does in the sources
"""Remove protections, one at a time, and see which fault then does harm.

    python -m bench.chaos_mutants

Each is removed in a copy of the sources, on which the scenario of tests/cluster that relies on
it is run; it has to fail. About forty minutes.
"""

import argparse
import sys
from dataclasses import replace
from typing import Final

from bench.mutants import Mutant, Trial, verdict_on

_DATABASE = "tests/cluster/test_database_faults.py::test_"
_WORKER = "tests/cluster/test_worker_faults.py::test_"
_PARTITION = "tests/cluster/test_partitions.py::test_"
_DISK = "tests/cluster/test_disk_faults.py::test_"
_WEB = "tests/cluster/test_web_faults.py::test_"
_LIMIT = "tests/cluster/test_limit_faults.py::test_"
_VERSIONS = "tests/cluster/test_two_versions.py::test_"
_FULL = "seed1-200/s-20s"


def _for(scenario: str, mutant: Mutant) -> Mutant:
    """Return the same removal, to be caught by another scenario."""
    return replace(
        mutant, name=f"{mutant.name} ({scenario.rpartition('::test_')[2]})", tests=scenario
    )


_UNFENCED = Mutant(
    name="results are recorded without a fence",
    file="store/attempts.py",
    old='"status": AttemptStatus.RUNNING.value,\n                "$expr": same("claim_id", claims),',
    new='"status": {"$ne": "nothing"},',
    tests=f"{_WORKER}what_a_zombie_says_after_its_lease_changes_nothing[quick]",
)
_NOT_TAKEN_OVER = Mutant(
    name="nobody takes over what a dead worker held",
    file="store/runs.py",
    old='"status": {"$in": _CLAIMABLE if reap else _WAITING},',
    new='"status": {"$in": _WAITING},',
    tests=f"{_WORKER}what_a_zombie_says_after_its_lease_changes_nothing[quick]",
)
_UNMARKED = Mutant(
    name="a lost attempt is not marked as a possible duplicate",
    file="domain/runs.py",
    old="possible_duplicate=run.possible_duplicate or (result.lost and result.maybe_sent),",
    new="possible_duplicate=run.possible_duplicate,",
    tests=f"{_WORKER}a_killed_workers_runs_are_taken_over[{_FULL}]",
)
_OTHER_ID = Mutant(
    name="a run's id is not made of its fire time",
    file="domain/fires.py",
    old="        id=run_id(job.id, fire_time),\n        trigger=Trigger.SCHEDULE,\n        fire_time=fire_time,\n        wake_at=",
    new='        id=run_id(job.id, fire_time) + f"-{now.timestamp()}",\n        trigger=Trigger.SCHEDULE,\n        fire_time=fire_time,\n        wake_at=',
    tests="tests/cluster/test_lost_replies.py::test_replies_lost_at_every_step_double_nothing[quick]",
)
_ENDS_WITH_A_STEP = Mutant(
    name="a step that fails ends its duty",
    file="engine/loops.py",
    old='            log_failure(log, "step failed", error, duty=duty)\n',
    new="            raise\n",
    tests=f"{_DATABASE}after_a_minute_without_a_majority_everything_goes_on[{_FULL}]",
)
_PRIMARY_ALONE = Mutant(
    name="the primary alone acknowledges a write",
    file="store/database.py",
    old='write_concern=WriteConcern("majority")',
    new="write_concern=WriteConcern(1)",
    tests=f"tests/cluster/test_lag_faults.py::test_what_only_a_dead_primary_had_is_not_missed[{_FULL}]",
)

MUTANTS: Final = (
    _UNFENCED,
    _for(f"{_PARTITION}a_worker_cut_off_from_the_database_is_replaced[{_FULL}]", _UNFENCED),
    _NOT_TAKEN_OVER,
    _for(f"{_WORKER}ten_fire_times_without_any_worker_are_made_good[{_FULL}]", _NOT_TAKEN_OVER),
    _for(f"{_LIMIT}what_a_worker_out_of_memory_held_is_taken_over[{_FULL}]", _NOT_TAKEN_OVER),
    _UNMARKED,
    _for(f"{_WORKER}a_worker_out_of_time_to_drain_hands_its_runs_on[{_FULL}]", _UNMARKED),
    _for(f"{_WORKER}a_worker_told_twice_to_stop_waits_for_no_answer[{_FULL}]", _UNMARKED),
    _OTHER_ID,
    _for(f"{_VERSIONS}an_update_under_load_loses_nothing[65b9ac2-{_FULL}]", _OTHER_ID),
    _ENDS_WITH_A_STEP,
    _for(f"{_DATABASE}a_primary_costs_seconds_and_no_run[{_FULL}-frozen]", _ENDS_WITH_A_STEP),
    _for(f"{_PARTITION}a_primary_cut_off_from_everybody_costs_no_run[{_FULL}]", _ENDS_WITH_A_STEP),
    _for(f"{_DISK}a_failing_disk_under_the_primary_costs_no_run[{_FULL}]", _ENDS_WITH_A_STEP),
    _for(f"{_DISK}a_full_disk_under_the_primary_costs_no_run[{_FULL}]", _ENDS_WITH_A_STEP),
    _for(f"{_DISK}a_hanging_disk_under_the_primary_costs_no_run[{_FULL}]", _ENDS_WITH_A_STEP),
    Mutant(
        name="what is not HTTP is worth another attempt",
        file="domain/attempts.py",
        old="    return kind in _RETRYABLE_KINDS",
        new="    return bool(kind)",
        tests=f"tests/cluster/test_job_faults.py::test_a_hostile_target_gets_each_attempt_once[{_FULL}]",
    ),
    Mutant(
        name="a claim does not ask whether the run is due",
        file="store/runs.py",
        old='            "$expr": {"$lte": ["$wake_at", {"$add": ["$$NOW", early]}]},\n',
        new="",
        tests="tests/cluster/test_claimers.py::test_one_of_two_hundred_claimers_gets_a_due_run[quick]",
    ),
    Mutant(
        name="a stopping worker gives nothing back",
        file="engine/runtime.py",
        old="        await starting.give_back()\n",
        new="        await asyncio.sleep(0)\n",
        tests=f"{_WORKER}a_worker_told_to_stop_leaves_nothing_behind[{_FULL}]",
    ),
    Mutant(
        name="the worker's wall clock decides",
        file="engine/database_clock.py",
        old="        return cut_to_ms(self._epoch + timedelta(seconds=self._monotonic()))",
        new="        from cronpp_app.clock import utc_now\n\n        return utc_now()",
        tests=f"tests/cluster/test_clock_faults.py::test_a_wrong_wall_clock_moves_nothing[{_FULL}-3600]",
    ),
    Mutant(
        name="a run that kills its workers is tried for ever",
        file="domain/runs.py",
        old="    if lost_count >= POISON_AFTER_LOST:",
        new="    if lost_count >= 1000:",
        tests=f"tests/cluster/test_job_faults.py::test_a_run_that_kills_three_workers_is_set_aside[{_FULL}]",
    ),
    Mutant(
        name="a reaper does not wait after a failure of the database",
        file="engine/reap.py",
        old="        return failed_at is None or monotonic() - failed_at > wait",
        new="        return failed_at is None or wait > 0",
        tests=f"{_DATABASE}after_a_minute_without_a_majority_everything_goes_on[{_FULL}]",
    ),
    Mutant(
        name="each worker judges misfires by its own moment",
        file="engine/fire.py",
        old="await self._jobs.noticed(late, now=now, holds=PLAN_HOLDS)",
        new="dict.fromkeys((job.id for job in late), now)",
        tests=f"{_DATABASE}after_a_minute_without_a_majority_everything_goes_on[{_FULL}]",
    ),
    _PRIMARY_ALONE,
    _for(
        f"{_PARTITION}a_primary_cut_off_from_the_other_members_costs_no_run[{_FULL}]",
        _PRIMARY_ALONE,
    ),
    Mutant(
        name="nobody does what it was another worker's turn to do",
        file="engine/choice.py",
        old="        return TAKE_OVER if now - seen_at >= TAKE_OVER else -_FOREVER",
        new="        return -_FOREVER",
        tests=f"{_WORKER}an_idle_workers_death_costs_nothing[{_FULL}]",
    ),
    Mutant(
        name="a request is done each time, whatever its key",
        file="services/idempotency.py",
        old="        if key is None:\n",
        new="        if True:\n",
        tests=f"{_WEB}a_killed_web_process_leaves_no_change_half_done[{_FULL}]",
    ),
    Mutant(
        name="a worker takes more runs than it may open files for",
        file="open_files.py",
        old="    return min(wanted, affordable)",
        new="    return wanted",
        tests=f"tests/cluster/test_limit_faults.py::test_a_worker_with_few_open_files_takes_what_it_can[{_FULL}]",
    ),
    Mutant(
        name="a fixed time that occurs twice fires twice",
        file="domain/cron_fires.py",
        old="    return max(lower, period.starts_at + period.previous_offset)",
        new="    return lower",
        tests=f"tests/cluster/test_calendars.py::test_every_fire_time_of_a_night_that_changes_clocks_is_made_good[{_FULL}]",
    ),
    Mutant(
        name="nobody ends what a dead process left half done",
        file="engine/upkeep.py",
        old="            await self._abandoned.end()",
        new="            pass",
        tests=f"{_WEB}a_change_that_a_dead_process_left_half_done_holds_nobody_up[{_FULL}]",
    ),
    Mutant(
        name="one name is looked up at a time",
        file="outbound/resolver.py",
        old="_THREADS = 64",
        new="_THREADS = 1",
        tests=f"tests/cluster/test_name_faults.py::test_broken_name_servers_hold_up_their_own_jobs_only[{_FULL}]",
    ),
)


def main() -> int:
    """Print a verdict on every removal; return how many did no harm."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="a word in the names of those to try")
    arguments = parser.parse_args()
    harmless = 0
    for mutant in MUTANTS:
        if arguments.only in mutant.name:
            verdict = verdict_on(mutant, [Trial(target="", stories=0, seconds=400)])
            harmless += "found" not in verdict
            print(f"{mutant.name}: {verdict}", flush=True)
    return harmless


if __name__ == "__main__":
    sys.exit(main())
