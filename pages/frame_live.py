"""What the frame of a page tells, as it changes: failing jobs, the number of jobs, the workers.

The tab's title and icon tell of failing jobs also while another tab is in front.
"""

import asyncio
import logging

from nicegui import background_tasks

from components.frame import FrameParts
from cronpp_app.errors import CronppError
from cronpp_app.services.live import Subscription
from pages.looking import look_every
from pages.visitor import Visitor

log = logging.getLogger("cronpp.pages")

# Counted at most so often for one page; the services remember the figures of a person.
_COUNTED_EVERY_SECONDS = 5.0
# A worker that dies says nothing: somebody has to look.
LOOKED_EVERY_SECONDS = 10.0


def keep_frame(visitor: Visitor, parts: FrameParts, *, failing: int) -> None:
    """Keep the frame of a page up to date until the page goes; `failing` is what it told first."""
    watches: list[Subscription] = []

    def start() -> None:
        if not watches:  # a page connects again after each loss of its socket
            watches.append(visitor.services.changes.subscribe(visitor.user.id))
            visitor.client.on_delete(watches[0].close)
            watching = _watch(visitor, parts, watches[0], failing)
            background_tasks.create(watching, name="frame of a page")

    async def look() -> None:
        try:
            workers = await visitor.services.overviews.workers()
        except CronppError:  # no database: the next look may find it
            return
        parts.workers.show([(worker.slots, worker.busy) for worker in workers])

    # Not by waiting for the connection: a page is sent as soon as anybody waits for that.
    visitor.client.on_connect(start)
    look_every(LOOKED_EVERY_SECONDS, visitor.client, look)


async def _watch(
    visitor: Visitor, parts: FrameParts, subscription: Subscription, failing: int
) -> None:
    subscription.tell_missed()  # since the page was drawn
    async for _ in subscription:
        # The figures are remembered for as long: asked sooner, they might not know of the change.
        await asyncio.sleep(_COUNTED_EVERY_SECONDS)
        if visitor.client.is_deleted:
            return
        try:
            user = await visitor.me()
            overview = await visitor.services.overviews.of(user)
        except CronppError:  # signed out, or no database: the page finds out by itself
            continue
        parts.jobs.set_text(f"{sum(overview.counts.values()):,}")
        if overview.failing != failing:
            failing = overview.failing
            visitor.client.run_javascript(f"cxFailing({failing})")
