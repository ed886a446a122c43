"""Choose from what waits: the oldest first, and nobody's herd before everybody else.

While workers keep up, each takes what it is its turn to take, a while ahead. Where it backs
up, the choice goes round the users who wait, so that one of them with ten thousand due runs
delays no other by more than a look.
"""

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import chain, islice, zip_longest

from cronpp_app.clock import monotonic
from cronpp_app.engine.turns import Turns
from cronpp_app.store.queue import Queue, Waiting

# Work is taken up to a second ahead, much of it at once; nothing starts early (start.py). A look
# is due when the next of ours is half of that away, so that looks are few and none is late.
AHEAD = timedelta(seconds=1)
LOOK_AHEAD = AHEAD / 2
# So near its time, and seen for so long, what is another worker's turn is taken by anybody: that
# worker is away.
TAKE_OVER = timedelta(milliseconds=250)
_FOREVER = timedelta(days=36_500)
# How far a look reaches, and how dense a full page is that takes all that time to be worked off.
HORIZON = timedelta(seconds=3)
HERD_SPAN = timedelta(milliseconds=100)
# A queue whose page is full and this late backs up.
LATE = timedelta(milliseconds=200)
# How far a look for others reaches into what backs up, and how often it is taken: it reads
# an index entry for each that waits.
REACH = 12_000
NEWEST = 1_000
OF_USER = 1_000
LOOK_EVERY_SECONDS = 1.0
REST = timedelta(milliseconds=50)

RoomOf = Callable[[str], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What to take now, and whether more waits.

    `late`: the queue backs up. `herd`: many wait for one moment that is still to come.
    """

    ids: Sequence[str] = ()
    more: bool = False
    late: bool = False
    herd: bool = False


class Choice:
    """Chooses from a queue for one worker; `room_of` says how much it may take of a user's."""

    def __init__(self, queue: Queue, turns: Turns, *, room_of: RoomOf) -> None:
        self._queue = queue
        self._turns = turns
        self._room_of = room_of
        self._rounds = Rounds(self._waiting_by_user, room_of)
        self._theirs: dict[str, datetime] = {}
        self.look_at: datetime | None = None

    async def of(self, *, now: datetime, limit: int) -> Chosen:
        """Return what to take now, at most `limit`; `look_at` is when to look again."""
        known = self._rounds.left >= limit  # then the head alone tells whether it still backs up
        if known and await self._queue.peek(until=now - LATE, limit=1):
            following = await self._next_round(now, limit)
            if following:
                return following
        size = limit * self._turns.count + 1
        page = await self._queue.peek(until=now + HORIZON, limit=size)
        full = len(page) == size
        if full and page[0].at < now - LATE:
            following = await self._next_round(now, limit)
            if following:
                return following
        self._note_theirs(page, now)
        near = self._near(page, now)[:limit]
        if full and not near and page[-1].at - page[0].at < HERD_SPAN:
            near = [one for one in page if self._turns.is_ours(one.id)][:limit]
            self.look_at = now + REST
            return Chosen(ids=[one.id for one in near], more=bool(near), herd=True)
        chosen, held_up = self._within_shares(near)
        self._rounds.forget(chosen)
        left = {one.id for one in page} - set(chosen) - held_up
        wakes = [self._wake(one) for one in page if one.id in left]
        beyond = page[-1].at if full else now + HORIZON
        self.look_at = min([*wakes, beyond - LOOK_AHEAD])
        return Chosen(ids=chosen, more=len(near) == limit)

    async def _next_round(self, now: datetime, limit: int) -> Chosen | None:
        """Return what is next of a queue that backs up, or None if it is not known."""
        ids = await self._rounds.take(until=now, limit=limit)
        if ids is None:
            return None
        self.look_at = now if ids else now + REST
        return Chosen(ids=ids, more=bool(ids), late=True)

    def _near(self, page: Sequence[Waiting], now: datetime) -> list[Waiting]:
        """Return all that may be taken by now, once something of it is to be taken."""
        if not any(one.at <= now + self._lead(one, LOOK_AHEAD, now) for one in page):
            return []
        return [one for one in page if one.at <= now + self._lead(one, AHEAD, now)]

    def _lead(self, one: Waiting, ours: timedelta, now: datetime) -> timedelta:
        """Return how long before its time `one` is to be taken; what was just seen is not yet."""
        seen_at = self._theirs.get(one.id)
        if seen_at is None:
            return ours
        return TAKE_OVER if now - seen_at >= TAKE_OVER else -_FOREVER

    def _note_theirs(self, page: Sequence[Waiting], now: datetime) -> None:
        """Remember since when we have seen what is another worker's turn."""
        theirs = (one.id for one in page if not self._turns.is_ours(one.id))
        self._theirs = {one: self._theirs.get(one, now) for one in theirs}

    def _wake(self, one: Waiting) -> datetime:
        """Return when `one`, left for now, asks for a look."""
        seen_at = self._theirs.get(one.id)
        if seen_at is None:
            return one.at - LOOK_AHEAD
        return max(one.at, seen_at + 2 * TAKE_OVER) - TAKE_OVER

    def _within_shares(self, page: Sequence[Waiting]) -> tuple[list[str], set[str]]:
        """Return what of `page` its users have room for, and the rest, which a bell wakes."""
        by_user: dict[str, list[str]] = {}
        for one in page:
            by_user.setdefault(one.user_id, []).append(one.id)
        chosen = [one for user_id, ids in by_user.items() for one in ids[: self._room_of(user_id)]]
        return chosen, {one.id for one in page} - set(chosen)

    async def _waiting_by_user(self, until: datetime) -> Mapping[str, Sequence[str]]:
        """Return what waits of each user: what is our turn, or all if nothing of it is.

        Who came last is among them, however many came before.
        """
        look = partial(self._queue.peek_by_user, until=until, of_user=OF_USER)
        newest = await look(reach=NEWEST, newest_first=True)
        found = {**newest, **await look(reach=REACH)}
        ours = {
            user_id: [one for one in ids if self._turns.is_ours(one)]
            for user_id, ids in found.items()
        }
        return {user_id: ours[user_id] or ids for user_id, ids in found.items()}


class Rounds:
    """Takes one of each user's, then a second of each, and so on, from what a `look` found."""

    def __init__(
        self, look: Callable[[datetime], Awaitable[Mapping[str, Sequence[str]]]], room_of: RoomOf
    ) -> None:
        self._look = look
        self._room_of = room_of
        self._looked_at = -LOOK_EVERY_SECONDS
        self._left: dict[str, list[str]] = {}

    @property
    def left(self) -> int:
        """Return how many of those that the last look found have not been taken."""
        return sum(len(ids) for ids in self._left.values())

    async def take(self, *, until: datetime, limit: int) -> list[str] | None:
        """Return at most `limit` ids of what waits by `until`, of each user what has room.

        Returns None when nothing is known and it is too early for another look. Where users'
        shares leave room, somebody may have come since the last look who has some.
        """
        taken = self._next(limit)
        if len(taken) < limit and monotonic() - self._looked_at >= LOOK_EVERY_SECONDS:
            self._looked_at = monotonic()
            found = await self._look(until)
            # Workers that all began at the head would fight for the same.
            self._left = {user_id: random.sample(ids, len(ids)) for user_id, ids in found.items()}
            taken = self._next(limit)
        if not taken and not self.left:
            return None
        self.forget(taken)
        return taken

    def _next(self, limit: int) -> list[str]:
        shares = [ids[: self._room_of(user_id)] for user_id, ids in self._left.items()]
        rounds = chain.from_iterable(zip_longest(*shares))
        return list(islice((one for one in rounds if one is not None), limit))

    def forget(self, ids: Sequence[str]) -> None:
        """Do not offer `ids` again; they are taken."""
        if self._left:
            gone = set(ids)
            self._left = {
                user_id: [one for one in left if one not in gone]
                for user_id, left in self._left.items()
            }
