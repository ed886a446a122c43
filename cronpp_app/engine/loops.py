"""The only loop: every duty of a worker is a step under it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from cronpp_app.store.outages import log_failure

log = logging.getLogger("cronpp.worker")

Step = Callable[[], Awaitable[bool]]
# How long a duty rests after a step that failed: long enough not to spin on a dead database.
REST_AFTER_FAILURE_SECONDS = 0.5


class Bell:
    """Wakes a resting duty; a ring during a step is heard after it."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Wake the duty that waits, or let the next wait return at once."""
        self._event.set()

    def mute(self) -> None:
        """Forget past rings; called before looking for work, never after."""
        self._event.clear()

    async def wait(self, *, at_most_seconds: float) -> None:
        """Return at the next ring, or after `at_most_seconds`."""
        try:
            async with asyncio.timeout(at_most_seconds):
                await self._event.wait()
        except TimeoutError:
            return


async def repeat(
    step: Step,
    *,
    duty: str,
    rest_seconds: Callable[[], float],
    bell: Bell,
    stop: asyncio.Event,
    spacing_seconds: Callable[[], float] = lambda: 0.0,
) -> None:
    """Call `step` until `stop` is set; unless it says more waits, rest until a ring or a while.

    Steps are `spacing_seconds` apart, so that under load each finds many things to do at
    once; the first after a rest is never held back. A step that fails is logged under the
    name `duty` and never ends it. Whoever sets `stop` rings the bell.
    """
    while not stop.is_set():
        bell.mute()
        try:
            more_waits = await step()
        except Exception as error:
            log_failure(log, "step failed", error, duty=duty)
            await bell.wait(at_most_seconds=REST_AFTER_FAILURE_SECONDS)
            continue
        if not more_waits and not stop.is_set():
            await asyncio.sleep(spacing_seconds())
            await bell.wait(at_most_seconds=max(0.0, rest_seconds()))
