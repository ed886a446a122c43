"""The number of failing jobs in the tab's title and icon, also while another tab is in front."""

import asyncio
import logging

from nicegui import background_tasks

from cronpp_app.errors import CronppError
from cronpp_app.services.live import Subscription
from pages.visitor import Visitor

log = logging.getLogger("cronpp.pages")

# Counted at most so often for one page; the services remember the figures of a person.
_COUNTED_EVERY_SECONDS = 5.0


def watch_failing(visitor: Visitor, failing: int) -> None:
    """Tell the browser whenever the number of failing jobs is another one, until the page goes."""
    watches: list[Subscription] = []

    def start() -> None:
        if not watches:  # a page connects again after each loss of its socket
            watches.append(visitor.services.changes.subscribe(visitor.user.id))
            visitor.client.on_delete(watches[0].close)
            background_tasks.create(_watch(visitor, watches[0], failing), name="failing jobs")

    # Not by waiting for the connection: a page is sent as soon as anybody waits for that.
    visitor.client.on_connect(start)


async def _watch(visitor: Visitor, subscription: Subscription, failing: int) -> None:
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
        if overview.failing != failing:
            failing = overview.failing
            visitor.client.run_javascript(f"cxFailing({failing})")
