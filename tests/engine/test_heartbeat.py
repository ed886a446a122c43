"""The heartbeat: called once a minute by one worker, as long as nothing is wrong, else silent."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from cronpp_app.engine.database_clock import DatabaseClock
from cronpp_app.engine.heartbeat import Heartbeat, VitalSigns
from cronpp_app.errors import StoreUnavailable
from cronpp_app.store.database import Database
from cronpp_app.store.heartbeats import HeartbeatStore
from tests.engine.conftest import Bench

NOON = datetime(2027, 1, 1, 12, tzinfo=UTC)


@dataclass
class World:
    """What a worker sees, as a test wants it; every call of the URL is noted by its caller."""

    now: datetime = NOON
    wall: datetime = NOON
    oldest: datetime | None = None
    looked_at: datetime | None = NOON
    database_is_gone: bool = False
    calls: list[str] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)

    def monotonic(self) -> float:
        return (self.now - NOON).total_seconds()

    async def server_time(self) -> datetime:
        if self.database_is_gone:
            raise StoreUnavailable("MongoDB does not answer")
        return self.now

    async def oldest_due(self, _: datetime) -> datetime | None:
        return self.oldest

    def signs(self) -> VitalSigns:
        return VitalSigns(
            server_time=self.server_time,
            wall_clock=lambda: self.wall,
            oldest_due=self.oldest_due,
            looked_at=lambda: self.looked_at,
        )

    async def worker(self, database: Database, name: str = "first") -> Heartbeat:
        clock = DatabaseClock(self.server_time, self.monotonic)
        await clock.sync()

        async def call() -> str | None:
            self.calls.append(name)
            return "the URL answered 500" if name in self.failing else None

        return Heartbeat(HeartbeatStore(database), self.signs(), clock, call=call)


@pytest.fixture
def world() -> World:
    return World()


async def a_minute_passes(database: Database) -> None:
    """Put back what the database's clock has noted."""
    earlier = {"$dateSubtract": {"startDate": "$minute", "unit": "minute", "amount": 1}}
    await database.raw["heartbeats"].update_one({}, [{"$set": {"minute": earlier}}])


async def test_one_worker_of_many_calls_it_once_a_minute(database: Database, world: World) -> None:
    workers = [await world.worker(database, f"worker {n}") for n in range(8)]
    for minute in range(1, 4):
        for _ in range(3):
            await asyncio.gather(*(worker.step() for worker in workers))
        assert len(world.calls) == minute
        await a_minute_passes(database)


@pytest.mark.parametrize(
    "wrong",
    [
        {"oldest": NOON - timedelta(seconds=121)},
        {"looked_at": None},
        {"looked_at": NOON - timedelta(seconds=121)},
        {"wall": NOON + timedelta(seconds=61)},
        {"wall": NOON - timedelta(seconds=61)},
    ],
)
async def test_an_engine_that_is_not_well_is_silent_until_it_is(
    database: Database, world: World, wrong: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    worker = await world.worker(database)
    well = {name: getattr(world, name) for name in wrong}
    for name, value in wrong.items():
        setattr(world, name, value)
    await worker.step()
    await worker.step()
    assert world.calls == []
    assert [record.message for record in caplog.records] == ["heartbeat withheld"]
    for name, value in well.items():
        setattr(world, name, value)
    await worker.step()
    assert world.calls == ["first"]


async def test_a_worker_that_does_not_fire_leaves_it_to_one_that_does(database: Database) -> None:
    stuck, well = World(looked_at=None), World()
    ill, healthy = await stuck.worker(database, "ill"), await well.worker(database, "well")
    await ill.step()
    await healthy.step()
    assert (stuck.calls, well.calls) == ([], ["well"])


async def test_what_is_due_for_a_moment_only_is_no_reason_for_silence(
    database: Database, world: World
) -> None:
    world.oldest = NOON - timedelta(seconds=30)  # a worker has died; another takes over
    worker = await world.worker(database)
    await worker.step()
    assert world.calls == ["first"]


async def test_without_the_database_it_is_silent(database: Database, world: World) -> None:
    worker = await world.worker(database)
    world.database_is_gone = True
    with pytest.raises(StoreUnavailable):
        await worker.step()
    assert world.calls == []


async def test_a_worker_that_cannot_reach_the_url_lets_another_try(
    database: Database, world: World
) -> None:
    world.failing = {"cut off"}
    cut_off = await world.worker(database, "cut off")
    other = await world.worker(database, "other")
    await cut_off.step()
    await cut_off.step()
    await other.step()
    assert world.calls == ["cut off", "other"]
    await a_minute_passes(database)
    world.now = world.wall = world.looked_at = NOON + timedelta(seconds=31)
    await cut_off.step()
    assert world.calls[-1] == "cut off"


async def test_a_real_worker_beats_after_it_has_looked_for_due_jobs(bench: Bench) -> None:
    calls: list[None] = []

    async def call() -> str | None:
        calls.append(None)
        return None

    duties = await bench.worker(heartbeat=call)
    heartbeat = duties.upkeep._heartbeat
    assert heartbeat is not None
    await heartbeat.step()
    assert calls == []
    await duties.firing.step()
    await heartbeat.step()
    assert len(calls) == 1
