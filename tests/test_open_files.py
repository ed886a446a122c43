"""A worker takes no more slots than it may open files for, and raises the limit where it can."""

import logging
import sys

import pytest

from cronpp_app import open_files
from cronpp_app.open_files import KEPT_BACK, affordable_slots

if sys.platform == "win32":
    pytest.skip("there is no such limit on Windows", allow_module_level=True)
UNLIMITED = open_files.resource.RLIM_INFINITY


class System:
    """Stands for the system's limits of this process."""

    def __init__(self, soft: int, hard: int) -> None:
        self.limits = (soft, hard)

    def getrlimit(self, _: int) -> tuple[int, int]:
        return self.limits

    def setrlimit(self, _: int, limits: tuple[int, int]) -> None:
        self.limits = limits


@pytest.mark.parametrize(
    ("soft", "hard", "slots", "soft_after"),
    [
        (1024, 4096, 500, 1024),
        (256, 4096, 500, 500 + KEPT_BACK),
        (256, UNLIMITED, 500, 500 + KEPT_BACK),
        (UNLIMITED, UNLIMITED, 500, UNLIMITED),
        (128, 128, 128 - KEPT_BACK, 128),
        (64, 256, 256 - KEPT_BACK, 256),
        (32, 32, 1, 32),
    ],
)
def test_slots_fit_the_files_that_may_be_opened(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    soft: int,
    hard: int,
    slots: int,
    soft_after: int,
) -> None:
    system = System(soft, hard)
    for name in ("getrlimit", "setrlimit"):
        monkeypatch.setattr(open_files.resource, name, getattr(system, name))
    with caplog.at_level(logging.WARNING):
        assert affordable_slots(500) == slots
    assert system.limits[0] == soft_after
    assert bool(caplog.records) == (slots < 500), "it says so when, and only when, it has too few"
