"""Whether time tells who has an account: `python -m bench.login_timing`.

Signs in with a wrong password, in turns as somebody with an account and as nobody, over HTTP.
Prints the medians in milliseconds and their difference; exits with 1 if it is more than 10 %.
"""

import asyncio
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from httpx import ASGITransport, AsyncClient

from cronpp_app.composition import build_services, build_web, open_keys
from cronpp_app.settings import Settings
from cronpp_app.store.database import connect
from cronpp_app.store.embedded import start_embedded
from cronpp_app.store.indexes import ensure_indexes

SIGN_INS = 60
MOST_APART = 0.10
PASSWORD = "correct horse battery"


async def measure(uri: str, folder: Path) -> tuple[float, float]:
    """Return the medians of a known and of an unknown user, in milliseconds."""
    settings = Settings(mongodb_uri=uri, data_dir=folder, rate_limit=0)
    database = connect(uri, settings.database)
    await ensure_indexes(database)
    services = build_services(settings, database, await open_keys(settings, database))
    web = build_web(settings, services)
    for number in range(SIGN_INS):
        await services.accounts.signup(f"known{number}@example.org", PASSWORD)
    known: list[float] = []
    unknown: list[float] = []
    for number in range(SIGN_INS):
        # Each from a network of its own and once only, so that no limit is met.
        # Now the one goes first, now the other: what goes first wakes the machine up.
        turns = [(known, "known", 0), (unknown, "other", 1)]
        for spent, name, net in turns if number % 2 else reversed(turns):
            spent.append(await _sign_in(web, f"{name}{number}@example.org", f"10.{net}.{number}.1"))
    await services.aclose()
    await database.client.close()
    return median(known), median(unknown)


async def _sign_in(web: object, email: str, peer: str) -> float:
    transport = ASGITransport(web, client=(peer, 1))  # type: ignore[arg-type]
    async with AsyncClient(transport=transport, base_url="http://cronpp.test") as client:
        start = perf_counter()
        credentials = {"email": email, "password": "a wrong guess"}
        answer = await client.post("/api/auth/login", json=credentials)
        spent = perf_counter() - start
    if answer.status_code != 401:
        sys.exit(f"expected 401, not {answer.status_code}: {answer.text}")
    return spent * 1000


def main() -> int:
    """Measure on an embedded MongoDB of its own, and judge."""
    with tempfile.TemporaryDirectory(prefix="cronpp-bench-") as folder:
        server = start_embedded(Path(folder), cache_gb=0.25)
        try:
            known, unknown = asyncio.run(measure(server.uri, Path(folder)))
        finally:
            server.stop()
    apart = abs(known - unknown) / max(known, unknown)
    print(f"known {known:.1f} ms, unknown {unknown:.1f} ms, {apart:.1%} apart ({SIGN_INS} each)")
    return int(apart > MOST_APART)


if __name__ == "__main__":
    sys.exit(main())
