"""Execute: perform the actions of claimed runs, each in a task of its own."""

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from cronpp_app.clock import monotonic
from cronpp_app.domain.attempts import AttemptError, AttemptResult, ErrorKind
from cronpp_app.domain.runs import Run, broken_off_result
from cronpp_app.engine.claims import Claim, HeldClaims
from cronpp_app.engine.database_clock import DatabaseClock
from cronpp_app.engine.record import Recording, close

log = logging.getLogger("cronpp.worker")

# Shorter attempts are over before anybody could see their job as running; most are, and a
# write per run is saved.
SHOWN_AFTER_SECONDS = 0.15

# How long a cancelled attempt may take to end; one that takes longer ends with its lease.
BREAK_OFF_SECONDS = 2.0

# Performs a run once, at the moment given.
Perform = Callable[[Run, datetime], Awaitable[AttemptResult]]


class Executing:
    """Starts claimed runs and hands their results to the recording."""

    def __init__(
        self,
        perform: Perform,
        recording: Recording,
        clock: DatabaseClock,
        held: HeldClaims,
        *,
        draw: Callable[[], float],
    ) -> None:
        self._perform = perform
        self._recording = recording
        self._clock = clock
        self._held = held
        self._draw = draw
        self._tasks: set[asyncio.Task[None]] = set()
        self._by_claim: dict[tuple[str, str | None], asyncio.Task[None]] = {}
        self._cancelled: set[tuple[str, str | None]] = set()

    @property
    def is_crowded(self) -> bool:
        """Return whether half of the slots or more are taken."""
        return 2 * self._held.busy >= self._held.slots

    def begin(self, claim: Claim) -> None:
        """Begin the attempt of `claim`, whose log record is open."""
        task = asyncio.get_running_loop().create_task(self._attempt(claim))
        key = _key(claim.run)
        self._tasks.add(task)
        self._by_claim[key] = task
        task.add_done_callback(lambda task: self._forget(key, task))

    async def break_off(self, claims: Mapping[str, str]) -> set[str]:
        """End the attempts of `claims` (run id to claim id) unheard; return the runs that ended.

        One that this worker has not begun, or whose result is known already, has ended.
        """
        keys = set(claims.items()) & self._by_claim.keys()
        tasks = [self._by_claim[key] for key in keys]
        self._cancelled |= keys
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=BREAK_OFF_SECONDS)
        return {run_id for run_id, claim in claims.items() if (run_id, claim) not in self._by_claim}

    async def drain(self, *, at_most_seconds: float, hurry: asyncio.Event) -> None:
        """Wait for the attempts that run; break off those that last too long, or on `hurry`."""
        waiter = asyncio.ensure_future(hurry.wait())
        try:
            async with asyncio.timeout(at_most_seconds):
                while self._tasks and not waiter.done():
                    await asyncio.wait({*self._tasks, waiter}, return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            log.warning("drain time is over", extra={"broken_off": len(self._tasks)})
        finally:
            waiter.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _attempt(self, claim: Claim) -> None:
        """Perform the run of `claim` once and have its result recorded."""
        run = claim.run
        if not claim.trust.allows(monotonic()):
            self._held.release(run)  # nothing was sent; the lease's next holder decides
            return
        started_at = self._clock.now()
        shown = asyncio.get_running_loop().call_later(
            SHOWN_AFTER_SECONDS, self._recording.show_running, run
        )
        try:
            result = await self._perform(run, started_at)
        except asyncio.CancelledError:
            if _key(run) in self._cancelled:
                shown.cancel()
                self._held.release(run)
                return
            result = broken_off_result(run.worker_id or "unknown")
        except Exception as error:
            log.exception("attempt broke", extra={"run_id": run.id, "job_id": run.job_id})
            result = _internal_error(error)
        shown.cancel()
        finished_at = self._clock.now()
        self._recording.put(
            close(run, result, started_at=started_at, finished_at=finished_at, draw=self._draw())
        )

    def _forget(self, key: tuple[str, str | None], task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._by_claim.pop(key, None)
        self._cancelled.discard(key)


def _key(run: Run) -> tuple[str, str | None]:
    return run.id, run.claim_id


def _internal_error(error: Exception) -> AttemptResult:
    message = f"Cron++ failed to perform this attempt: {type(error).__name__}."
    trace = "".join(traceback.format_exception(error))
    return AttemptResult(
        error=AttemptError(kind=ErrorKind.INTERNAL, message=message, traceback=trace),
        retryable=True,
    )
