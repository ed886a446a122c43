"""The event loop: uvloop where it exists, the standard one elsewhere."""

import asyncio
import sys
from collections.abc import Coroutine


def run_in_event_loop(main: Coroutine[object, object, None]) -> None:
    """Run `main` to its end on the fastest loop there is."""
    if sys.platform == "win32":
        asyncio.run(main)
        return
    import uvloop  # noqa: PLC0415 - does not exist on Windows

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)
