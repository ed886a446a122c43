"""Networks that fall apart: each member and each worker is a machine whose wires can be pulled."""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from cronpp_app.clock import utc_now
from cronpp_app.store.embedded_binary import find_mongod
from tests.cluster.conftest import quick_and_full
from tests.cluster.replica_set import SIZE, Member, ReplicaSet, formed
from tests.cluster.scene import Scene
from tests.cluster.wires import HOST, Machine, machines, may_make_machines

# Promised is a take-over within 20 s, and that all goes on within 15 s; a busy machine gets more.
TAKE_OVER_SECONDS = 20.0
LONGEST_SILENCE_SECONDS = 30.0


@pytest.fixture(scope="module")
def network() -> Iterator[list[Machine]]:
    """One machine for each member, and one for each of two workers."""
    if not may_make_machines():
        pytest.skip("this user may not make network namespaces (ip netns, as root)")
    with machines(SIZE + 2) as made:
        yield made


@pytest.fixture(scope="module")
def members(
    network: list[Machine], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ReplicaSet]:
    mongod, folder = find_mongod(), tmp_path_factory.mktemp("apart")
    started = [
        Member(mongod, Path(folder, one.name), address=one.address, before=one.before)
        for one in network[:SIZE]
    ]
    with formed(started) as replica_set:
        yield replica_set


@pytest.fixture
def target_address() -> str:
    return HOST


@quick_and_full()
async def test_a_worker_cut_off_from_the_database_is_replaced(
    scene: Scene, network: list[Machine]
) -> None:
    """It still reaches the target; what it says when it is back comes too late."""
    await _two_workers(scene, network)
    await scene.add_jobs("/ok/300")
    cut_at = await scene.some_calls()
    chosen = scene.chooser.randrange(2)
    lonely, machine = scene.workers[chosen], network[SIZE + chosen]
    with _pulled_wire(machine):
        async with asyncio.timeout(60):
            while await scene.held_by(lonely):
                await scene.target.received(1)
    evidence = await scene.calm()
    await scene.stop_workers(lonely)  # only then has it certainly said what it had to say
    evidence = await scene.calm()
    taken_over = evidence.taken_over_after(cut_at)
    scene.tell(evidence, seconds=taken_over)
    assert evidence.complaints() == []
    assert {run["status"] for run in evidence.runs.values()} == {"SUCCESS"}
    assert evidence.lost, "the worker held nothing when it was cut off"
    assert taken_over < TAKE_OVER_SECONDS


@quick_and_full()
async def test_a_primary_cut_off_from_everybody_costs_no_run(
    scene: Scene, network: list[Machine]
) -> None:
    await _two_workers(scene, network)
    await scene.add_jobs()
    await scene.some_calls()
    with _pulled_wire(await _primarys_machine(scene, network)):
        await _goes_on(scene)


@quick_and_full()
async def test_a_primary_cut_off_from_the_other_members_costs_no_run(
    scene: Scene, network: list[Machine]
) -> None:
    """Workers still reach it, and it takes itself for the primary for a while."""
    await _two_workers(scene, network)
    await scene.add_jobs()
    await scene.some_calls()
    machine = await _primarys_machine(scene, network)
    others = [one for one in network[:SIZE] if one is not machine]
    with _lost_ways(machine, others):
        await _goes_on(scene)


async def _two_workers(scene: Scene, network: list[Machine]) -> None:
    for machine in network[SIZE:]:
        reach = f"{HOST}/32"
        await scene.start_workers(1, before=machine.before, CRONPP_EGRESS_ALLOW=reach)


async def _primarys_machine(scene: Scene, network: list[Machine]) -> Machine:
    primary = await asyncio.to_thread(scene.members.primary)
    return network[scene.members.members.index(primary)]


async def _goes_on(scene: Scene) -> None:
    cut_at = utc_now()
    evidence = await scene.calm()
    silence = evidence.silence_after(cut_at)
    scene.tell(evidence, seconds=silence)
    assert evidence.complaints() == []
    assert evidence.sent_twice == [], "a failover was taken for the death of a worker"
    assert {run["status"] for run in evidence.runs.values()} == {"SUCCESS"}
    assert silence < LONGEST_SILENCE_SECONDS


@contextlib.contextmanager
def _pulled_wire(machine: Machine) -> Iterator[None]:
    machine.pull_wire()
    try:
        yield
    finally:
        machine.plug_wire()


@contextlib.contextmanager
def _lost_ways(machine: Machine, others: list[Machine]) -> Iterator[None]:
    for other in others:
        machine.lose_way_to(other)
    try:
        yield
    finally:
        for other in others:
            machine.find_way_to(other)
