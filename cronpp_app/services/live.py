"""Live: who is told which of their jobs changed, as it happens.

One change stream per web process feeds everybody. Without subscribers there is none, so a
server that nobody looks at pays nothing.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable

from cronpp_app.store.changes import JobChange, owners_of, watch_jobs
from cronpp_app.store.database import Database

log = logging.getLogger("cronpp.live")

# Changes are merged: no subscriber hears more often than this.
MERGE_SECONDS = 0.15
_PAUSE_AFTER_FAILURE_SECONDS = 1.0
# Asked for more owners than this, forget: the next changes teach the living ones again.
_OWNERS_KEPT = 100_000


class Subscription:
    """One listener's changes: iterate it for batches of job ids; close it when done.

    An empty batch means that changes may have been missed: look at everything again.
    """

    def __init__(self, user_id: str, close: Callable[["Subscription"], None]) -> None:
        self.user_id = user_id
        self._close = close
        self._pending: set[str] = set()
        self._missed = False
        self._closed = False
        self._news = asyncio.Event()

    def tell(self, job_ids: set[str]) -> None:
        """Add `job_ids` to the next batch."""
        self._pending |= job_ids
        self._news.set()

    def tell_missed(self) -> None:
        """Say that something may have changed unseen."""
        self._missed = True
        self._news.set()

    def close(self) -> None:
        """Stop listening; the iteration ends. Closing twice is harmless."""
        self._closed = True
        self._news.set()
        self._close(self)

    async def __aiter__(self) -> AsyncIterator[frozenset[str]]:
        while True:
            await self._news.wait()
            if self._closed:
                return
            self._news.clear()
            batch = frozenset() if self._missed else frozenset(self._pending)
            self._missed, self._pending = False, set()
            yield batch
            await asyncio.sleep(MERGE_SECONDS)


class Changes:
    """The hub between the change stream and the open pages."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._subscriptions: set[Subscription] = set()
        self._owners: dict[str, str] = {}
        self._heard: dict[str, int] = {}
        self._count = self._heard_all = 0
        self._reader: asyncio.Task[None] | None = None

    def subscribe(self, user_id: str) -> Subscription:
        """Return a subscription to the changes of this user's jobs, from now on."""
        subscription = Subscription(user_id, self._unsubscribe)
        self._subscriptions.add(subscription)
        if self._reader is None or self._reader.done():
            self._reader = asyncio.get_running_loop().create_task(self._read())
        return subscription

    def heard_of(self, job_id: str) -> int:
        """Return a number that is another one after each change of this job that was heard of."""
        return self._heard.get(job_id, self._heard_all)

    async def aclose(self) -> None:
        """End all subscriptions and the change stream."""
        for subscription in tuple(self._subscriptions):
            subscription.close()
        if self._reader is not None:
            self._reader.cancel()  # rather than wait until MongoDB has nothing more to say
            await asyncio.wait([self._reader])

    def _unsubscribe(self, subscription: Subscription) -> None:
        self._subscriptions.discard(subscription)

    async def _read(self) -> None:
        """Follow the change stream as long as somebody listens."""
        while self._subscriptions:
            self._forget_heard()  # what changed before this stream was not heard of
            try:
                await self._follow()
            except Exception:
                log.warning("change stream interrupted", exc_info=True)
                await asyncio.sleep(_PAUSE_AFTER_FAILURE_SECONDS)
            self._forget_heard()
            for subscription in tuple(self._subscriptions):
                subscription.tell_missed()

    async def _follow(self) -> None:
        changes: asyncio.Queue[JobChange] = asyncio.Queue()
        delivery = asyncio.create_task(self._deliver_all(changes))
        try:
            async for change in watch_jobs(self._database):
                if not self._subscriptions:
                    return
                if change is not None:
                    changes.put_nowait(change)
        finally:
            delivery.cancel()

    async def _deliver_all(self, changes: asyncio.Queue[JobChange]) -> None:
        while True:
            batch = [await changes.get()]
            while not changes.empty():
                batch.append(changes.get_nowait())
            try:
                await self._deliver(batch)
            except Exception:
                log.warning("changes could not be delivered", exc_info=True)
                for subscription in tuple(self._subscriptions):
                    subscription.tell_missed()

    async def _deliver(self, changes: list[JobChange]) -> None:
        self._note(changes)
        await self._learn_owners(changes)
        deleted = {change.job_id for change in changes if change.deleted}
        for subscription in tuple(self._subscriptions):
            mine = {
                change.job_id
                for change in changes
                if self._owners.get(change.job_id) == subscription.user_id
            }
            # A deleted job that nobody's change named before has no known owner any more; its
            # bare id says nothing to anybody but the page that shows it.
            unknown = {job_id for job_id in deleted if job_id not in self._owners}
            if mine | unknown:
                subscription.tell(mine | unknown)

    def _note(self, changes: list[JobChange]) -> None:
        if len(self._heard) > _OWNERS_KEPT:
            self._forget_heard()
        self._count += 1
        self._heard.update({change.job_id: self._count for change in changes})

    def _forget_heard(self) -> None:
        """Count as if every job had changed."""
        self._count += 1
        self._heard_all = self._count
        self._heard.clear()

    async def _learn_owners(self, changes: list[JobChange]) -> None:
        if len(self._owners) > _OWNERS_KEPT:
            self._owners.clear()
        self._owners.update({c.job_id: c.user_id for c in changes if c.user_id})
        strangers = {c.job_id for c in changes if not c.deleted} - self._owners.keys()
        if strangers:
            self._owners.update(await owners_of(self._database, frozenset(strangers)))
