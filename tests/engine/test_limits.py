"""Limits: what one worker does at a time, and that nobody's herd keeps others waiting."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from unittest.mock import AsyncMock

import pytest

from cronpp_app.clock import utc_now
from cronpp_app.domain.jobs import HttpAction
from cronpp_app.domain.leases import TrustWindow
from cronpp_app.domain.runs import RunStatus
from cronpp_app.engine import choice
from cronpp_app.engine.claims import Claim, HeldClaims, Limits
from cronpp_app.store.documents import job_document
from cronpp_app.store.run_documents import run_document
from tests.engine.conftest import Bench
from tests.factories import make_job, make_run

AGO = timedelta(seconds=5)


async def _add_runs(bench: Bench, user_id: str, count: int, *, url: str = "") -> None:
    """Store `count` waiting runs of one user, each of a job of its own, the later the younger."""
    now = utc_now()
    action = {"action": HttpAction(method="GET", url=url)} if url else {}
    jobs = [
        make_job(id=f"{user_id}-{number}", user_id=user_id, **action) for number in range(count)
    ]
    runs = [make_run(job, id=f"run-of-{job.id}", wake_at=now - AGO) for job in jobs]
    await bench.database.jobs.insert_many([job_document(job) for job in jobs])
    await bench.database.runs.insert_many([run_document(run) for run in runs])


async def _under_way(bench: Bench, user_id: str) -> int:
    open_logs = {"user_id": user_id, "status": "RUNNING"}
    return await bench.database.logs.count_documents(open_logs)


async def _statuses_of(bench: Bench, user_id: str) -> list[RunStatus]:
    return [run.status for run in await bench.runs() if run.user_id == user_id]


async def test_one_user_never_fills_all_slots(bench: Bench) -> None:
    await _add_runs(bench, "ada", 30)
    await _add_runs(bench, "bob", 1)
    bench.target.hold = asyncio.Event()
    worker = await bench.worker(slots=10)
    await bench.begin(worker)
    assert (await _under_way(bench, "ada"), await _under_way(bench, "bob")) == (8, 1)


async def test_a_limit_per_user_holds_and_what_it_held_up_follows(bench: Bench) -> None:
    await _add_runs(bench, "ada", 5)
    bench.target.hold = asyncio.Event()
    worker = await bench.worker(slots=10, user_slots=2)
    await bench.begin(worker)
    assert await _under_way(bench, "ada") == 2
    bench.target.hold.set()
    for _ in range(3):
        await bench.settle(worker)
        await bench.begin(worker)
    await bench.settle(worker)
    assert {run.status for run in await bench.runs()} == {RunStatus.SUCCESS}
    assert {run.attempt_count for run in await bench.runs()} == {1}


async def test_a_limit_per_host_leaves_other_hosts_alone(bench: Bench) -> None:
    await _add_runs(bench, "ada", 4, url="https://slow.example/hook")
    await _add_runs(bench, "bob", 2, url="https://fast.example/hook")
    bench.target.hold = asyncio.Event()
    worker = await bench.worker(slots=10, host_slots=2)
    await bench.begin(worker)
    assert (await _under_way(bench, "ada"), await _under_way(bench, "bob")) == (2, 2)


async def test_what_limits_held_up_is_given_back_unspent_when_a_worker_stops(bench: Bench) -> None:
    await _add_runs(bench, "ada", 5)
    worker = await bench.worker(slots=10, user_slots=2)
    await bench.begin(worker)
    await worker.starting.give_back()
    await bench.settle(worker)
    waiting = [run for run in await bench.runs() if run.status is RunStatus.PENDING]
    assert {run.attempt_count for run in waiting} == {0}
    other = await bench.worker()
    await bench.begin(other)
    await bench.settle(other)
    assert {run.status for run in await bench.runs()} == {RunStatus.SUCCESS}


async def test_a_herd_of_runs_does_not_keep_others_waiting(bench: Bench) -> None:
    await _add_runs(bench, "ada", 600)
    await _add_runs(bench, "bob", 1)
    worker = await bench.worker(slots=300)
    await worker.claiming.step()
    assert await _statuses_of(bench, "bob") == [RunStatus.RUNNING]


async def test_who_comes_while_a_herd_fills_its_share_is_seen(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _add_runs(bench, "ada", 600)
    bench.target.hold = asyncio.Event()
    worker = await bench.worker(slots=100)
    while await worker.claiming.step():
        pass
    await _add_runs(bench, "bob", 1)
    monkeypatch.setattr(choice, "LOOK_EVERY_SECONDS", 0)
    await worker.claiming.step()
    assert await _statuses_of(bench, "bob") == [RunStatus.RUNNING]


async def test_who_comes_last_is_seen_however_many_came_before(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choice, "REACH", 300)
    await _add_runs(bench, "ada", 600)
    await _add_runs(bench, "bob", 1)
    worker = await bench.worker(slots=300)
    await worker.claiming.step()
    assert await _statuses_of(bench, "bob") == [RunStatus.RUNNING]


async def test_what_a_look_found_is_taken_before_the_queue_is_read_again(bench: Bench) -> None:
    await _add_runs(bench, "ada", 600)
    worker = await bench.worker(slots=500)
    assert await worker.claiming.step()
    queue = worker.claiming._choice._queue
    read = AsyncMock(wraps=queue.peek)
    queue.peek = read  # type: ignore[method-assign]
    assert await worker.claiming.step()
    assert [call.kwargs["limit"] for call in read.await_args_list] == [1]


async def test_a_herd_of_jobs_does_not_keep_others_waiting(bench: Bench) -> None:
    due = utc_now() - AGO
    jobs = [make_job(id=f"ada-{n}", user_id="ada", next_run_time=due) for n in range(450)]
    jobs.append(make_job(id="bob-1", user_id="bob", next_run_time=due + timedelta(seconds=1)))
    await bench.database.jobs.insert_many([job_document(job) for job in jobs])
    worker = await bench.worker()
    assert await worker.firing.step()
    assert any(run.user_id == "bob" for run in await bench.runs())


def test_a_run_taken_anew_while_its_lost_attempt_goes_on_counts_once() -> None:
    held = HeldClaims(Limits(slots=5, of_user=1, to_host=5), freed=())
    lost = make_run(make_job(), id="r1", claim_id="lost")
    anew = replace(lost, claim_id="anew")
    for run in (lost, anew):
        held.take(Claim(run=run, trust=TrustWindow(trusted_until=0)))
        assert held.try_start(run)
    held.release(anew)
    held.release(lost)
    another = make_run(make_job(), id="r2", claim_id="another")
    held.take(Claim(run=another, trust=TrustWindow(trusted_until=0)))
    assert held.try_start(another)
