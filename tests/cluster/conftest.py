"""The stage of the scenarios: one replica set for all of them, everything else anew for each."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.cluster.launcher import LOOPBACK
from tests.cluster.replica_set import ReplicaSet, replica_set
from tests.cluster.scene import FULL, QUICK, Scale, Scene, a_scene


def quick_and_full(*, quick: bool = False) -> pytest.MarkDecorator:
    """Have a scenario run with all seeds by `make chaos`, and small by `make test` if `quick`."""
    scales = [pytest.param(scale, marks=pytest.mark.chaos, id=str(scale)) for scale in FULL]
    if quick:
        scales.insert(0, pytest.param(QUICK, id="quick"))
    return pytest.mark.parametrize("scale", scales)


@pytest.fixture(scope="package")
def members() -> Iterator[ReplicaSet]:
    with replica_set() as started:
        yield started


@pytest.fixture
def target_address() -> str:
    return LOOPBACK


@pytest.fixture
async def scene(
    members: ReplicaSet,
    tmp_path: Path,
    scale: Scale,
    target_address: str,
    request: pytest.FixtureRequest,
) -> AsyncIterator[Scene]:
    name = request.node.originalname.removeprefix("test_").replace("_", " ")
    stage = a_scene(members, tmp_path, scale, name, target_address=target_address)
    async with stage as scene:
        yield scene
