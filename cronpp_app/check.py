"""Check the invariants on a live database, reading only: `python -m cronpp_app.check`."""

import asyncio
import sys
from collections.abc import Sequence

from cronpp_app.errors import CronppError, SetupError
from cronpp_app.settings import load_settings, parse_options
from cronpp_app.store.database import connect
from cronpp_app.store.embedded import find_embedded
from cronpp_app.store.integrity import violations

OPTIONS = ("mongodb_uri", "database", "data_dir")


def main(arguments: Sequence[str]) -> int:
    """Print what breaks an invariant; return 0 if nothing does, 1 if something, 2 on failure."""
    try:
        program = "python -m cronpp_app.check"
        settings = load_settings(
            parse_options(program, "Check the invariants of the ledger.", OPTIONS, arguments)
        )
        uri = settings.mongodb_uri or find_embedded(settings.data_dir)
        if uri is None:
            raise SetupError("no MongoDB to check: set CRONPP_MONGODB_URI or start main.py")
        found = asyncio.run(_violations(uri, settings.database))
    except CronppError as error:
        print(f"check: {error}", file=sys.stderr)
        return 2
    for violation in found:
        print(violation)
    print("The ledger is sound." if not found else f"{len(found)} violations.")
    return 1 if found else 0


async def _violations(uri: str, name: str) -> list[str]:
    database = connect(uri, name)
    try:
        return [violation async for violation in violations(database)]
    finally:
        await database.client.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
