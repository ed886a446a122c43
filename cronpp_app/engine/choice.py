"""Choose what to claim: the oldest first, and nobody's herd before everybody else.

While workers keep up, the queue is taken as it comes. When it backs up, the choice goes round
the users who wait, so that one of them with ten thousand due runs delays no other by more than
a look.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import zip_longest

from cronpp_app.clock import monotonic
from cronpp_app.engine.claims import HeldClaims
from cronpp_app.store.queue import Queue, Waiting

# A queue whose page is full and this late backs up.
LATE = timedelta(milliseconds=200)
# How far a look for others reaches into a queue that backs up, and how often it is taken:
# it reads an index entry per waiting run.
REACH = 20_000
OF_USER = 1_000
LOOK_EVERY_SECONDS = 0.5


class Choice:
    """Chooses from the queue for one worker."""

    def __init__(self, queue: Queue, held: HeldClaims) -> None:
        self._queue = queue
        self._held = held
        self._looked_at = -LOOK_EVERY_SECONDS
        self._by_user: dict[str, list[str]] = {}

    async def of(self, *, now: datetime, until: datetime, limit: int) -> list[str]:
        """Return the ids of at most `limit` runs to claim of those that wake by `until`."""
        page = await self._queue.peek(until=until, limit=limit)
        backs_up = len(page) == limit and page[0].wake_at < now - LATE
        return await self._round(now, limit) if backs_up else self._allowed(page)

    def _allowed(self, page: Sequence[Waiting]) -> list[str]:
        by_user: dict[str, list[str]] = {}
        for run in page:
            by_user.setdefault(run.user_id, []).append(run.id)
        return [run_id for users_runs in self._within_shares(by_user) for run_id in users_runs]

    async def _round(self, now: datetime, limit: int) -> list[str]:
        """Return one run of each user who waits, then a second of each, and so on."""
        if monotonic() - self._looked_at >= LOOK_EVERY_SECONDS or not any(self._by_user.values()):
            waiting = await self._queue.peek_by_user(until=now, reach=REACH, of_user=OF_USER)
            # Workers that all began at the head would fight for the same runs.
            self._by_user = {
                user_id: random.sample(list(run_ids), len(run_ids))
                for user_id, run_ids in waiting.items()
            }
            self._looked_at = monotonic()
        rounds = zip_longest(*self._within_shares(self._by_user))
        chosen = [run_id for one in rounds for run_id in one if run_id is not None][:limit]
        taken = set(chosen)
        self._by_user = {
            user_id: [run_id for run_id in run_ids if run_id not in taken]
            for user_id, run_ids in self._by_user.items()
        }
        return chosen

    def _within_shares(self, by_user: Mapping[str, Sequence[str]]) -> Iterator[Sequence[str]]:
        for user_id, run_ids in by_user.items():
            yield run_ids[: self._held.room_of(user_id)]
