"""A worker, from start to drain."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from cronpp_app.domain.leases import LeaseTerms
from cronpp_app.engine.claim import Claiming
from cronpp_app.engine.execute import Executing
from cronpp_app.engine.fire import Firing
from cronpp_app.engine.loops import Bell, Step, repeat
from cronpp_app.engine.reap import Reaping
from cronpp_app.engine.record import Recording
from cronpp_app.engine.renew import Renewing
from cronpp_app.engine.start import Starting
from cronpp_app.engine.upkeep import Upkeep
from cronpp_app.store.notices import Notice, Notices
from cronpp_app.store.outages import log_failure

log = logging.getLogger("cronpp.worker")

# The duties below, most with one question to the database at a time, upkeep with up to five, and
# the secrets that attempts look up. So many connections have to stand before they are needed.
QUESTIONS_AT_ONCE = 12
# How long a stopping worker tries to write its last results; afterwards leases tell the rest.
LAST_WORDS_SECONDS = 15
# Under load, steps this far apart find many runs each, which makes each of them cheaper.
START_SPACING_SECONDS = 0.008
RECORD_SPACING_SECONDS = 0.1
# Where slots are scarce they are given back sooner.
CROWDED_RECORD_SPACING_SECONDS = 0.025
_PAUSE_AFTER_INTERRUPTION_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Duties:
    """Everything a worker does, and the bells that wake its duties."""

    firing: Firing
    claiming: Claiming
    starting: Starting
    executing: Executing
    recording: Recording
    renewing: Renewing
    reaping: Reaping
    upkeep: Upkeep
    notices: Notices
    fire_bell: Bell
    claim_bell: Bell


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often a worker looks, and how long it waits for its runs when it stops (seconds)."""

    poll_seconds: float
    drain_seconds: float
    terms: LeaseTerms


async def run_worker(
    duties: Duties, pace: Pace, *, stop: asyncio.Event, hurry: asyncio.Event
) -> None:
    """Work until `stop` is set, then drain: no new claims, wait, give back, leave.

    Renewal and recording outlive the attempts, so that leases outlive the runs they protect.
    Duties are asked to end, never cancelled: the driver was seen to swallow a cancellation.
    """
    await duties.upkeep.start()
    log.info("worker ready")
    performed, drained = asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as outer:
        renewal = partial(
            repeat, duties.renewing.step, duty="renew", bell=duties.renewing.bell, stop=drained
        )
        outer.create_task(renewal(rest_seconds=pace.terms.renew_every.total_seconds))
        async with asyncio.TaskGroup() as inner:
            inner.create_task(_record(duties, performed))
            bells = (duties.fire_bell, duties.claim_bell)
            looking = _look_for_work(inner, duties, pace, stop)
            rung = {Notice.DUE: bells, Notice.CANCEL: (duties.renewing.bell,)}
            inner.create_task(_listen(duties.notices, rung, stop))
            await stop.wait()
            log.info("worker drains")
            _ring((*bells, duties.starting.bell))
            await asyncio.wait(looking)
            await _give_back(duties.starting)
            await duties.executing.drain(at_most_seconds=pace.drain_seconds, hurry=hurry)
            performed.set()
            duties.recording.bell.ring()
        await _write_the_rest(duties.recording)
        drained.set()
        duties.renewing.bell.ring()
    await duties.upkeep.stop()
    claims = {"claims_tried": duties.claiming.tried, "claims_got": duties.claiming.got}
    log.info("worker stopped", extra=claims)


def _look_for_work(
    group: asyncio.TaskGroup, duties: Duties, pace: Pace, stop: asyncio.Event
) -> list[asyncio.Task[None]]:
    poll = pace.poll_seconds
    fire = repeat(
        partial(_watched, duties.firing.step, duties.reaping),
        duty="fire",
        rest_seconds=partial(_rest, duties.firing.seconds_until_look, poll),
        bell=duties.fire_bell,
        stop=stop,
    )
    claim = repeat(
        partial(_watched, duties.claiming.step, duties.reaping),
        duty="claim",
        rest_seconds=partial(_rest, duties.claiming.seconds_until_look, poll),
        bell=duties.claim_bell,
        stop=stop,
    )
    start = repeat(
        partial(_watched, duties.starting.step, duties.reaping),
        duty="start",
        rest_seconds=partial(_rest, duties.starting.seconds_until_due, poll),
        bell=duties.starting.bell,
        stop=stop,
        spacing_seconds=lambda: START_SPACING_SECONDS,
    )
    return [group.create_task(duty) for duty in (fire, claim, start)]


def _rest(seconds_until_due: Callable[[], float | None], poll_seconds: float) -> float:
    """Return how long to rest: until the next known moment, at most a poll interval."""
    upcoming = seconds_until_due()
    return poll_seconds if upcoming is None else min(poll_seconds, max(upcoming, _SHORT_REST))


# A moment that is due by our reading but not yet by the database's clock: look again soon.
_SHORT_REST = 0.001


async def _watched(step: Step, reaping: Reaping) -> bool:
    """Return what `step` found; a failure is remembered, because it may be the database's."""
    try:
        return await step()
    except Exception:
        reaping.note_store_failure()
        raise


async def _record(duties: Duties, stop: asyncio.Event) -> None:
    def spacing_seconds() -> float:
        is_crowded = duties.executing.is_crowded
        return CROWDED_RECORD_SPACING_SECONDS if is_crowded else RECORD_SPACING_SECONDS

    await repeat(
        duties.recording.step,
        duty="record",
        rest_seconds=lambda: 60.0,
        bell=duties.recording.bell,
        stop=stop,
        spacing_seconds=spacing_seconds,
    )


async def _write_the_rest(recording: Recording) -> None:
    """Write the last results, within reason."""
    try:
        async with asyncio.timeout(LAST_WORDS_SECONDS):
            while not recording.is_empty:
                await recording.step()
    except Exception as error:
        log_failure(log, "last results could not be written; their leases will end", error)


async def _give_back(starting: Starting) -> None:
    try:
        await starting.give_back()
    except Exception as error:
        log_failure(log, "claims could not be given back; their leases will end", error)


async def _listen(
    notices: Notices, bells: Mapping[Notice, tuple[Bell, ...]], stop: asyncio.Event
) -> None:
    """Ring the bells of every notice that is heard, until `stop`."""
    while not stop.is_set():
        try:
            async for notice in notices.heard():
                if stop.is_set():
                    return
                if notice:
                    _ring(bells[notice])
        except Exception:
            log.warning("notices interrupted; polling goes on")
            await asyncio.sleep(_PAUSE_AFTER_INTERRUPTION_SECONDS)


def _ring(bells: tuple[Bell, ...]) -> None:
    for bell in bells:
        bell.ring()
