"""Whose turn it is to call the heartbeat URL: one worker's a minute, by the database's clock."""

from typing import Any, Final

from pymongo.errors import DuplicateKeyError

from cronpp_app.store.database import Collection, Database
from cronpp_app.store.documents import LONG_AGO

_ID: Final = "engine"
_THIS_MINUTE: Final[dict[str, Any]] = {"$dateTrunc": {"date": "$$NOW", "unit": "minute"}}
_IS_OPEN: Final[dict[str, Any]] = {"_id": _ID, "$expr": {"$lt": ["$minute", _THIS_MINUTE]}}


class HeartbeatStore:
    """The collection `heartbeats`: one document, the last minute that somebody took."""

    def __init__(self, database: Database) -> None:
        self._heartbeats: Collection = database.raw["heartbeats"]

    async def is_open(self) -> bool:
        """Return whether nobody has taken this minute's turn yet; costs one read by `_id`."""
        if await self._heartbeats.find_one(_IS_OPEN, {"_id": 1}):
            return True
        if await self._heartbeats.find_one({"_id": _ID}, {"_id": 1}):
            return False
        try:
            await self._heartbeats.insert_one({"_id": _ID, "minute": LONG_AGO})
        except DuplicateKeyError:  # another worker was as quick
            return False
        return True

    async def take(self) -> bool:
        """Take this minute's turn, confirmed by a majority; return False if another has it."""
        result = await self._heartbeats.update_one(_IS_OPEN, [{"$set": {"minute": _THIS_MINUTE}}])
        return result.modified_count == 1

    async def give_back(self) -> None:
        """Let another worker take the turn that came to nothing here."""
        await self._heartbeats.update_one({"_id": _ID}, {"$set": {"minute": LONG_AGO}})
