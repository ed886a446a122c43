"""A whole worker: it works by itself, wakes when rung, survives bad steps, leaves in good order."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from cronpp_app.domain.runs import RunStatus
from cronpp_app.engine.loops import Bell, repeat
from cronpp_app.engine.runtime import Duties, run_worker
from cronpp_app.settings import Settings
from cronpp_app.store.notices import Notices
from cronpp_app.worker_composition import pace_of
from tests.engine.conftest import Bench

# Longer than any test lasts: whatever happens sooner was not found by polling.
NEVER_POLLS = 60.0


@asynccontextmanager
async def working(duties: Duties, **settings: object) -> AsyncIterator[asyncio.Event]:
    """Let a worker work inside the block and drain after it; gives its `stop`."""
    pace = pace_of(Settings(**{"poll_seconds": NEVER_POLLS, **settings}))
    stop, hurry = asyncio.Event(), asyncio.Event()
    work = asyncio.create_task(run_worker(duties, pace, stop=stop, hurry=hurry))
    try:
        yield stop
    finally:
        stop.set()
        async with asyncio.timeout(30):
            await work


async def until(condition: Callable[[], Awaitable[bool]], bench: Bench) -> None:
    """Return when `condition` holds, looking again at every change of the database."""
    async with (
        asyncio.timeout(30),
        await bench.database.raw.watch(max_await_time_ms=200) as changes,
    ):
        while not await condition():
            await changes.try_next()


async def test_a_worker_fires_performs_and_records_by_itself(bench: Bench) -> None:
    job = await bench.add_job(due_ago=-0.7)

    async def succeeded() -> bool:
        return {run.status for run in await bench.runs(job)} == {RunStatus.SUCCESS}

    async with working(await bench.worker()):
        await until(succeeded, bench)
    assert len(bench.target.calls) == 1


async def test_a_worker_that_sleeps_is_woken_by_the_bell(bench: Bench) -> None:
    duties = await bench.worker()
    notices = Notices(bench.database)
    async with working(duties):
        await until(lambda: _seen(bench), bench)
        await bench.add_job()
        while not bench.target.called.is_set():  # rung until its stream is open and hears it
            await notices.ring()
            await duties.fire_bell.wait(at_most_seconds=0.2)
            await asyncio.sleep(0)
    assert len(bench.target.calls) == 1


async def test_a_stopping_worker_waits_for_its_runs_and_leaves_the_registry(bench: Bench) -> None:
    job = await bench.add_job()
    bench.target.hold = asyncio.Event()
    async with working(await bench.worker()) as stop:
        async with asyncio.timeout(30):
            await bench.target.called.wait()
        stop.set()
        bench.target.hold.set()
    assert (await bench.run(job)).status is RunStatus.SUCCESS
    assert await bench.database.workers.count_documents({}) == 0


async def test_a_worker_leaves_though_a_slow_write_swallows_cancellation(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await bench.add_job()
    duties = await bench.worker()
    write, written = duties.recording.step, asyncio.Event()

    async def slow_and_deaf() -> bool:
        with suppress(TimeoutError, asyncio.CancelledError):
            async with asyncio.timeout(0.2):
                await written.wait()
        return await write()

    monkeypatch.setattr(duties.recording, "step", slow_and_deaf)
    async with working(duties) as stop:
        async with asyncio.timeout(30):
            await bench.target.called.wait()
        stop.set()
    assert (await bench.run(job)).status is RunStatus.SUCCESS


async def test_a_job_is_shown_as_running_while_an_attempt_takes_long(bench: Bench) -> None:
    job = await bench.add_job()
    bench.target.hold = asyncio.Event()

    async def shown() -> bool:
        return (await bench.job(job))["status"] == "RUNNING"

    async with working(await bench.worker()):
        await until(shown, bench)
        bench.target.hold.set()
    assert (await bench.job(job))["status"] == "PENDING"


async def test_a_duty_goes_on_after_a_step_that_failed() -> None:
    stop, bell, steps = asyncio.Event(), Bell(), []

    async def step() -> bool:
        steps.append(len(steps))
        bell.ring()
        if len(steps) == 1:
            raise RuntimeError("the database is away")
        stop.set()
        return False

    async with asyncio.timeout(10):
        await repeat(step, duty="test", rest_seconds=lambda: NEVER_POLLS, bell=bell, stop=stop)
    assert steps == [0, 1]


async def test_a_ring_during_a_step_is_heard_after_it() -> None:
    stop, bell, steps = asyncio.Event(), Bell(), []

    async def step() -> bool:
        steps.append(len(steps))
        if len(steps) == 1:
            bell.ring()
        else:
            stop.set()
            bell.ring()
        return False

    async with asyncio.timeout(10):
        await repeat(step, duty="test", rest_seconds=lambda: NEVER_POLLS, bell=bell, stop=stop)
    assert steps == [0, 1]


async def _seen(bench: Bench) -> bool:
    return await bench.database.workers.count_documents({}) == 1


async def test_a_worker_leaves_the_registry_before_it_breaks_its_upkeep_off(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A driver without servers may wait for ever in the first call after a cancellation."""
    upkeep = (await bench.worker()).upkeep
    begun, happened = asyncio.Event(), list[str]()

    async def hang() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            happened.append("broken off")

    async def leave(_: str) -> None:
        for _ in range(5):  # what is to be cancelled hears of it meanwhile
            await asyncio.sleep(0)
        happened.append("left")

    await upkeep.start()
    monkeypatch.setattr(upkeep._workers, "leave", leave)
    upkeep._scheduler.add_job(hang)
    await begun.wait()
    await upkeep.stop()
    assert happened[:1] == ["left"]
