"""Check the invariants on a live database, reading only: `python -m cronpp_app.check`."""

import asyncio
import sys
from collections.abc import Sequence

from cronpp_app.errors import CronppError
from cronpp_app.settings import load_settings, parse_options
from cronpp_app.store.integrity import violations
from cronpp_app.store.opened import opened
from cronpp_app.store.server import running_server

OPTIONS = ("mongodb_uri", "database", "data_dir")


def main(arguments: Sequence[str]) -> int:
    """Print what breaks an invariant; return 0 if nothing does, 1 if something, 2 on failure."""
    try:
        program = "python -m cronpp_app.check"
        settings = load_settings(
            parse_options(program, "Check the invariants of the ledger.", OPTIONS, arguments)
        )
        uri = running_server(settings.mongodb_uri, settings.data_dir)
        found = asyncio.run(_violations(uri, settings.database))
    except CronppError as error:
        print(f"check: {error}", file=sys.stderr)
        return 2
    for violation in found:
        print(violation)
    print("The ledger is sound." if not found else f"{len(found)} violations.")
    return 1 if found else 0


async def _violations(uri: str, name: str) -> list[str]:
    async with opened(uri, name) as database:
        return [violation async for violation in violations(database)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
