"""Keeping an open page up to date with the jobs that change."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from nicegui import background_tasks

from cronpp_app.errors import NotSignedIn
from cronpp_app.services.live import Subscription
from pages.sessions import lead_to_login
from pages.visitor import Visitor

log = logging.getLogger("cronpp.pages")

_OPENED_AFTER_SECONDS = 1.0

OnBatch = Callable[[frozenset[str]], Awaitable[None]]


class Live:
    """Calls `on_batch` with the ids of changed jobs; an empty batch means: look at everything.

    While the tab is hidden nothing is read or sent; when it comes back, one empty batch is.
    """

    def __init__(self, visitor: Visitor, on_batch: OnBatch) -> None:
        self._visitor = visitor
        self._on_batch = on_batch
        self._hidden = self._missed = False
        self._subscription: Subscription | None = None

    async def begin(self) -> bool:
        """Listen once the page is connected; return False if it is gone: nobody ever came.

        Programs that fetch a page never connect, and pages wait for a minute in vain.
        """
        await self._visitor.client.connected()
        return self.start()

    def start(self) -> bool:
        """Listen until `close`, or until the page goes; return False if it has gone."""
        if self._visitor.client.is_deleted:
            return False  # it will not say again that it goes, and this would listen for ever
        changes = self._visitor.services.changes
        self._subscription = changes.subscribe(self._visitor.user.id)
        self._visitor.client.on_delete(self.close)
        background_tasks.create(self._follow(self._subscription), name="live page")
        background_tasks.create(self._catch_up(self._subscription), name="catch up a page")
        return True

    def close(self) -> None:
        """Stop listening; closing twice is harmless."""
        if self._subscription is not None:
            self._subscription.close()
            self._subscription = None

    async def set_visible(self, visible: bool) -> None:
        """Say whether somebody can see the page."""
        self._hidden = not visible
        if visible and self._missed:
            self._missed = False
            await self._deliver(frozenset())

    async def _catch_up(self, subscription: Subscription) -> None:
        """Look at everything once more: the stream of changes takes a moment to open."""
        await asyncio.sleep(_OPENED_AFTER_SECONDS)
        if subscription is self._subscription and not self._hidden:
            await self._deliver(frozenset())

    async def _follow(self, subscription: Subscription) -> None:
        async for batch in subscription:
            if self._hidden:
                self._missed = True
            else:
                await self._deliver(batch)

    async def _deliver(self, batch: frozenset[str]) -> None:
        try:
            with self._visitor.client:
                await self._on_batch(batch)
        except NotSignedIn:
            self.close()
            lead_to_login(self._visitor.client)
        except Exception:  # the next batch may well succeed; the page must not fall silent
            log.exception("page not brought up to date", extra={"user_id": self._visitor.user.id})
