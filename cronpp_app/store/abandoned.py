"""Transactions whose process died between two statements, or lost its way to the database."""

import logging
from datetime import timedelta
from typing import Any

from pymongo.errors import OperationFailure

from cronpp_app.store.database import APP_NAME, Database
from cronpp_app.store.outages import is_outage

log = logging.getLogger("cronpp.worker")

# Between two statements of a change lie milliseconds.
GIVEN_UP_AFTER = timedelta(seconds=2)


class AbandonedTransactions:
    """Those of Cron++ that nobody goes on with.

    MongoDB lets them stand for a minute (`transactionLifetimeLimitSeconds`), and so long nobody
    else can write to what they wrote to: one job would hold up each batch that it is in.
    """

    def __init__(self, database: Database) -> None:
        self._admin = database.client.admin
        self._may_end_them = True

    async def end(self, *, idle: timedelta = GIVEN_UP_AFTER) -> None:
        """End those that have been idle for so long; one that goes on after all is repeated.

        A server that does not let this user do so is asked once.
        """
        if not self._may_end_them:
            return
        try:
            sessions = [found["lsid"] async for found in await self._admin.aggregate(_of(idle))]
            if sessions:
                await self._admin.command("killSessions", [{"id": one["id"]} for one in sessions])
                log.warning("abandoned transactions ended", extra={"number": len(sessions)})
        except OperationFailure as error:
            if is_outage(error):
                raise
            self._may_end_them = False
            log.warning("abandoned transactions stay for a minute", extra={"reason": str(error)})


def _of(idle: timedelta) -> list[dict[str, Any]]:
    ours = {
        "appName": APP_NAME,
        "transaction.timeInactiveMicros": {"$gte": idle // timedelta(microseconds=1)},
    }
    # Only this user's own, which needs no privilege.
    own = {"$currentOp": {"idleSessions": True, "allUsers": False}}
    return [own, {"$match": ours}, {"$project": {"lsid": 1}}]
