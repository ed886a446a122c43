"""Gives the Python process that finds this on its path a wall clock that is wrong.

CRONPP_TEST_CLOCK says by how many seconds; `jumping`: an hour ahead and an hour behind by turns.
The monotonic clock stays true, as it does on a machine whose wall clock is set.
"""

import datetime
import os
import time

_OFF = os.environ["CRONPP_TEST_CLOCK"]
_JUMP_EVERY_SECONDS = 3
_HOUR = 3600.0
_true_time, _true_datetime = time.time, datetime.datetime


def _off() -> float:
    if _OFF != "jumping":
        return float(_OFF)
    return _HOUR if int(time.monotonic() / _JUMP_EVERY_SECONDS) % 2 else -_HOUR


class _LikeDatetime(type):
    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, _true_datetime)


class _WrongDatetime(_true_datetime, metaclass=_LikeDatetime):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:
        return _true_datetime.now(tz) + datetime.timedelta(seconds=_off())


def _tell_wrongly() -> None:
    """Put the wrong clock wherever a worker reads one: its own module, and its timetable's."""
    import apscheduler.schedulers.base
    import apscheduler.triggers.interval

    import cronpp_app.clock

    time.time = lambda: _true_time() + _off()
    for reader in (cronpp_app.clock, apscheduler.schedulers.base, apscheduler.triggers.interval):
        reader.datetime = _WrongDatetime


_tell_wrongly()
