"""A cluster in which time passes when told to, and workers die where told to, on a real database.

The database's clock cannot be set, so the collections are wrapped: what asks the server for
`$$NOW` is given the virtual moment. Each call also burns down a fuse, if one was lit: the
process that makes it dies at that very call.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

import pytest
from pymongo import UpdateOne

from cronpp_app import engine, worker_composition
from cronpp_app.clock import cut_to_ms, utc_now
from cronpp_app.store.database import Database

_CALLS = frozenset(
    (
        *("aggregate", "bulk_write", "count_documents", "delete_many", "delete_one", "find"),
        *("find_one", "find_one_and_delete", "find_one_and_update", "insert_many"),
        *("insert_one", "update_many", "update_one"),
    )
)


class Death(BaseException):
    """The process died here."""


class VirtualTime:
    """The one clock of a virtual cluster."""

    def __init__(self) -> None:
        self._start = cut_to_ms(utc_now())
        self._passed = 0.0
        self.fuse: int | None = None

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        return 1_000.0 + self._passed

    def advance(self, seconds: float) -> None:
        self._passed += seconds

    async def read(self) -> datetime:
        return self.now()

    @contextmanager
    def everywhere(self) -> Iterator[None]:
        """Let the engine tell the time by this clock."""
        with pytest.MonkeyPatch.context() as patch:
            for module in (worker_composition, *_engine()):
                if hasattr(module, "monotonic"):
                    patch.setattr(module, "monotonic", self.monotonic)
            yield

    def burn(self) -> None:
        if self.fuse is not None:
            self.fuse -= 1
            if self.fuse < 0:
                raise Death


class VirtualCollection:
    """A collection whose `$$NOW` is the virtual one."""

    def __init__(self, real: Any, time: VirtualTime) -> None:
        self._real = real
        self._time = time

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        return self._at_virtual_time(found) if name in _CALLS else found

    def _at_virtual_time(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **options: Any) -> Any:
            self._time.burn()
            moment = {"$literal": self._time.now()}
            return call(*_with(moment, list(args)), **_with(moment, options))

        return timed


def virtual(database: Database, time: VirtualTime) -> Database:
    """Return `database`, its collections in virtual time."""
    for name in ("jobs", "runs", "logs", "rings"):
        setattr(database, name, VirtualCollection(getattr(database, name), time))
    database.server_time = time.read  # type: ignore[method-assign]
    return database


def _engine() -> list[ModuleType]:
    """Return all modules of the engine: one that told the real time would be trusted for ever."""
    names = [found.name for found in iter_modules(engine.__path__)]
    return [import_module(f"{engine.__name__}.{name}") for name in names]


async def survivors_of(tasks: set["asyncio.Task[Any]"]) -> None:
    """Wait for what a dead step had begun beside itself: its packets are on their way."""
    left = [task for task in asyncio.all_tasks() - tasks if _is_ours(task)]
    if left:
        await asyncio.wait(left, timeout=5)


def _is_ours(task: "asyncio.Task[Any]") -> bool:
    """Return whether a task is a store's, not the driver's own."""
    return "/store/" in getattr(task.get_coro(), "cr_code", task).co_filename


def _with(moment: dict[str, datetime], value: Any) -> Any:
    if isinstance(value, str):
        return moment if value == "$$NOW" else value
    if isinstance(value, dict):
        return {key: _with(moment, one) for key, one in value.items()}
    if isinstance(value, list):
        return [_with(moment, one) for one in value]
    if isinstance(value, UpdateOne):
        filter_, change = _with(moment, value._filter), _with(moment, value._doc)
        return UpdateOne(filter_, change, upsert=bool(value._upsert))
    return value
