"""Many claimers in one process, all after the same run.

    python -m tests.cluster.claimers URI DATABASE NUMBER

For each line of its input, the id of a due run, they all claim it at the same time; it answers
with a line of the claim ids that got it.
"""

import asyncio
import json
import sys
from datetime import timedelta
from uuid import uuid4

from cronpp_app.domain.leases import LeaseTerms
from cronpp_app.store.database import connect
from cronpp_app.store.runs import RunStore


async def _work(uri: str, name: str, count: int) -> None:
    database = connect(uri, name)
    runs = RunStore(database, retention=timedelta(days=1))

    async def claim(run_id: str) -> str | None:
        claim_id = uuid4().hex
        claimed = await runs.claim(
            [run_id],
            claim_id=claim_id,
            worker_id=claim_id,
            lease=LeaseTerms().length,
            ahead=timedelta(0),
        )
        return claim_id if claimed.fresh else None

    await database.client.admin.command("ping")
    print("ready", flush=True)
    while run_id := (await asyncio.to_thread(sys.stdin.readline)).strip():
        got = await asyncio.gather(*(claim(run_id) for _ in range(count)))
        print(json.dumps([claim_id for claim_id in got if claim_id]), flush=True)
    await database.client.close()


if __name__ == "__main__":
    asyncio.run(_work(sys.argv[1], sys.argv[2], int(sys.argv[3])))
