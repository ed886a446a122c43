"""The event loop: uvloop where it exists, and what ends or halts it."""

import asyncio
import contextlib
import gc
import signal
import sys
from collections.abc import Coroutine

# Allocations before a look at the youngest objects; Python's 700 has them looked at in mid-use.
YOUNG_OBJECTS = 10_000


def run_in_event_loop(main: Coroutine[object, object, None]) -> None:
    """Run `main` to its end on the fastest loop there is."""
    if sys.platform == "win32":
        asyncio.run(main)
        return
    import uvloop  # noqa: PLC0415 - does not exist on Windows

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)


def stop_on_signals(stop: asyncio.Event, hurry: asyncio.Event) -> None:
    """Set `stop` at the first SIGINT or SIGTERM, `hurry` at the second.

    An event and not a cancellation, which the driver was seen to swallow.
    """
    loop = asyncio.get_running_loop()

    def on_signal(*_: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: it stops already
            loop.call_soon_threadsafe(hurry.set if stop.is_set() else stop.set)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)


def keep_collections_short() -> None:
    """Take all that is there out of the collections of garbage; call it when all is set up.

    A full one looks through everything a process has imported and built, which is most of what
    it will ever hold, and halts the loop for a tenth of a second (docs/decisions/0019).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])
