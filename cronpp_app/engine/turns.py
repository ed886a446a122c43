"""Turns: each due job and run has one worker that looks after it first.

Workers that all reach for the same would mostly come too late. The turn follows from the id
and from who is on the registry; it is a preference, not a lock: what its worker has not taken
when the time comes near, anybody takes.
"""

import random
from collections.abc import Sequence
from zlib import crc32

_draw = random.SystemRandom().random


class Turns:
    """Whose turn it is, as seen by one worker; alone until it learns of others."""

    def __init__(self, worker_id: str) -> None:
        self._worker_id = worker_id
        self._place = 0
        self.count = 1

    def among(self, worker_ids: Sequence[str]) -> None:
        """Share with the workers `worker_ids`, this one included."""
        everybody = sorted({*worker_ids, self._worker_id})
        self._place, self.count = everybody.index(self._worker_id), len(everybody)

    def is_ours(self, waiting_id: str) -> bool:
        """Return whether this worker is to look after a job or run first."""
        return crc32(waiting_id.encode()) % self.count == self._place

    def is_drawn(self, *, about: int) -> bool:
        """Return whether this worker is one of `about` so many, drawn anew each time."""
        return _draw() * self.count < about
