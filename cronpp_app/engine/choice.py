"""Choose from what waits: the oldest first, and nobody's herd before everybody else.

While workers keep up, everything is taken as it comes. Where it backs up, the choice goes
round the users who wait, so that one of them with ten thousand due runs delays no other by
more than a look.
"""

import random
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import zip_longest

from cronpp_app.clock import monotonic
from cronpp_app.engine.claims import HeldClaims
from cronpp_app.store.queue import Queue, Waiting

# A queue whose page is full and this late backs up.
LATE = timedelta(milliseconds=200)
# How far a look for others reaches into what backs up, and how often it is taken: it reads
# an index entry for each that waits.
REACH = 12_000
OF_USER = 1_000
LOOK_EVERY_SECONDS = 1.0

Look = Callable[[datetime], Awaitable[Mapping[str, Sequence[str]]]]


class Rounds:
    """Takes one of each user's, then a second of each, and so on, from what a `look` found."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._looked_at = -LOOK_EVERY_SECONDS
        self._left: dict[str, list[str]] = {}

    async def take(
        self, *, until: datetime, limit: int, room_of: Callable[[str], int]
    ) -> list[str]:
        """Return at most `limit` ids of what waits by `until`, of each user what has room."""
        if monotonic() - self._looked_at >= LOOK_EVERY_SECONDS or not any(self._left.values()):
            found = await self._look(until)
            # Workers that all began at the head would fight for the same.
            self._left = {user_id: random.sample(ids, len(ids)) for user_id, ids in found.items()}
            self._looked_at = monotonic()
        rounds = zip_longest(*(ids[: room_of(user_id)] for user_id, ids in self._left.items()))
        taken = [one for each in rounds for one in each if one is not None][:limit]
        gone = set(taken)
        self._left = {
            user_id: [one for one in ids if one not in gone] for user_id, ids in self._left.items()
        }
        return taken


class Choice:
    """Chooses the runs that one worker claims."""

    def __init__(self, queue: Queue, held: HeldClaims) -> None:
        self._queue = queue
        self._held = held
        self._rounds = Rounds(self._waiting_by_user)

    async def of(self, *, now: datetime, until: datetime, limit: int) -> list[str]:
        """Return the ids of at most `limit` runs to claim of those that wake by `until`."""
        page = await self._queue.peek(until=until, limit=limit)
        if len(page) == limit and page[0].at < now - LATE:
            return await self._rounds.take(until=now, limit=limit, room_of=self._held.room_of)
        return list(self._within_shares(page))

    async def _waiting_by_user(self, until: datetime) -> Mapping[str, Sequence[str]]:
        return await self._queue.peek_by_user(until=until, reach=REACH, of_user=OF_USER)

    def _within_shares(self, page: Sequence[Waiting]) -> Iterator[str]:
        by_user: dict[str, list[str]] = {}
        for run in page:
            by_user.setdefault(run.user_id, []).append(run.id)
        for user_id, run_ids in by_user.items():
            yield from run_ids[: self._held.room_of(user_id)]
