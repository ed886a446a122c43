"""Transactions whose process died between two statements, or lost its way to the database."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from pymongo.errors import OperationFailure

from cronpp_app.store.database import APP_NAME, Database

log = logging.getLogger("cronpp.worker")

# Between two statements of a change lie milliseconds.
GIVEN_UP_AFTER: Final = timedelta(seconds=2)
# Unauthorized, CommandNotFound, CommandNotSupported, and Atlas's word for what it does not allow.
_REFUSALS: Final = {13, 59, 115, 8000}


class AbandonedTransactions:
    """Those of Cron++ that nobody goes on with.

    MongoDB lets them stand for a minute (`transactionLifetimeLimitSeconds`), and so long nobody
    else can write to what they wrote to: one job would hold up each batch that it is in.
    """

    def __init__(self, database: Database) -> None:
        self._admin = database.client.admin
        self._may_end_them = True

    async def end(self, *, idle: timedelta = GIVEN_UP_AFTER) -> None:
        """End those in which nothing was done for so long.

        Should one go on in the very moment after the second look, its caller repeats it. A server
        that does not let this user do so is asked once.
        """
        if not self._may_end_them:
            return
        try:
            sessions = await self._idle_for(idle)
            if sessions:
                await self._admin.command("killSessions", [{"id": one["id"]} for one in sessions])
                log.warning("abandoned transactions ended", extra={"number": len(sessions)})
        except OperationFailure as error:
            if error.code not in _REFUSALS:
                raise
            self._may_end_them = False
            log.warning("abandoned transactions stay for a minute", extra={"reason": str(error)})

    async def _idle_for(self, idle: timedelta) -> list[Mapping[str, Any]]:
        """Return the sessions whose transaction is as it was `idle` ago.

        MongoDB tells how long one was idle in all, which may be many short pauses; so each is
        looked at twice.
        """
        before = await self._look(idle)
        if not before:
            return []
        await asyncio.sleep(idle / timedelta(seconds=1))
        now = await self._look(idle)
        return [lsid for key, lsid in now.items() if key in before]

    async def _look(self, idle: timedelta) -> dict[tuple[object, ...], Mapping[str, Any]]:
        """Return the sessions of transactions between two statements, by how far these are."""
        found = await self._admin.aggregate(_between_statements(idle))
        return {
            (one["lsid"]["id"], one["number"], one["worked"]): one["lsid"] async for one in found
        }


def _between_statements(idle: timedelta) -> list[dict[str, Any]]:
    ours = {
        "type": "idleSession",
        "appName": APP_NAME,
        "transaction.timeInactiveMicros": {"$gte": idle // timedelta(microseconds=1)},
    }
    fields = {
        "lsid": 1,
        "number": "$transaction.parameters.txnNumber",
        "worked": "$transaction.timeActiveMicros",
    }
    # Only this user's own, which needs no privilege.
    own = {"$currentOp": {"idleSessions": True, "allUsers": False}}
    return [own, {"$match": ours}, {"$project": fields}]
